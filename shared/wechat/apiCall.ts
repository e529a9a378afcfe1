/** What the pure halves of an endpoint exchange with the network: a request without token, an answer read to its end. */
import type { Endpoint } from './endpoints.ts'
import { encodeJson } from './json.ts'
import type { TransportBody } from './transportPort.ts'

/** WeChat answers JSON calls within seconds. */
const JSON_TIMEOUT_MS = 15_000
/** Uploads are synchronous; a shorter wait makes outcomes unclear that are not (WxJava#1162). */
const MEDIA_TIMEOUT_MS = 90_000

/** A request as an endpoint's builder makes it. */
export interface ApiRequest {
  endpoint: Endpoint
  method: 'GET' | 'POST'
  query: Record<string, string>
  headers: Record<string, string>
  body: TransportBody | Uint8Array | undefined
  /** ms */
  timeoutMs: number
}

/** A whole answer, for an endpoint's judge. */
export interface ApiAnswer {
  status: number
  contentType: string
  text: string
  /** ms since the epoch */
  receivedAt: number
  /** WeChat's own time, where it said so; ms since the epoch, in whole seconds */
  servedAt?: number
}

/** A GET with its query. */
export function getRequest(endpoint: Endpoint, query: Record<string, string> = {}): ApiRequest {
  return { endpoint, method: 'GET', query, headers: {}, body: undefined, timeoutMs: JSON_TIMEOUT_MS }
}

/** A POST of raw UTF-8 JSON. */
export function jsonRequest(endpoint: Endpoint, value: unknown): ApiRequest {
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return { endpoint, method: 'POST', query: {}, headers, body: encodeJson(value), timeoutMs: JSON_TIMEOUT_MS }
}

/** A POST of a file form. */
export function fileRequest(
  endpoint: Endpoint,
  query: Record<string, string>,
  form: { contentType: string; body: TransportBody },
): ApiRequest {
  const headers = { 'content-type': form.contentType }
  return { endpoint, method: 'POST', query, headers, body: form.body, timeoutMs: MEDIA_TIMEOUT_MS }
}

/** The same request with the time that files need. */
export function slow(request: ApiRequest): ApiRequest {
  return { ...request, timeoutMs: MEDIA_TIMEOUT_MS }
}
