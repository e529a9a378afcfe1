/** The one thing the WeChat client needs from the network: send a request of known length, get the answer as a stream. */
import type { Readable } from 'node:stream'

/**
 * A body that can be produced again; `open` starts it from its first byte and stops when `signal` aborts. Its 'error' is
 * what is wrong with the body, never what somebody destroyed it with.
 */
export interface TransportBody {
  /** bytes; what `open` yields has exactly this length */
  length: number
  open(signal: AbortSignal): Readable
  /** Where the values of a form lie in it, for those who cannot send forms. */
  parts?: readonly FormPart[]
}

/** One value of a form: its bytes from `start` up to `end`. */
export interface FormPart {
  name: string
  start: number
  end: number
  /** Of files. */
  filename?: string
  contentType?: string
}

/** A request below the base URL. */
export interface TransportRequest {
  method: 'GET' | 'POST'
  /** Begins with a slash, without query. */
  path: string
  query: Record<string, string>
  /** Lower-case names; Content-Length is the transport's business. */
  headers: Record<string, string>
  body: TransportBody | Uint8Array | undefined
  /** ms without any progress after which the call is given up */
  timeoutMs: number
  signal: AbortSignal | undefined
}

/** An answer whose headers have come. Iterate `body` to its end or `destroy()` it. */
export interface TransportAnswer {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  body: Readable
}

/** A file at an address that an answer named. */
export interface DownloadRequest {
  url: string
  /** A larger body fails. */
  maxBytes: number
  /** ms without any progress after which the download is given up */
  timeoutMs: number
  signal: AbortSignal | undefined
}

/**
 * Sends requests. Throws `AppError`: `WECHAT_UNREACHABLE` when no byte of a body had left, `WECHAT_UNCLEAR` when
 * one had, `OUT_OF_TIME` when the signal aborted before that; errors of `body` itself pass through. No error
 * holds the query.
 */
export interface Transport {
  /** Where WeChat is: scheme, host, port. */
  origin: string
  send(request: TransportRequest): Promise<TransportAnswer>
  /** Fetches a file without credentials, from public addresses and from `origin` only; errors as `safeDownloader` says. */
  download(request: DownloadRequest): Promise<TransportAnswer>
}
