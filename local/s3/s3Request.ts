/** A request as S3 reads it: bucket, key, query and headers, decoded once. */
import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3Error.ts'

const MAX_KEY_BYTES = 1024

/** One request; header names and values as they arrived, names in lower case. */
export interface S3Request {
  message: IncomingMessage
  method: string
  /** The decoded path, with its leading slash. */
  path: string
  /** "" for the service itself. */
  bucket: string
  /** "" for the bucket itself. */
  key: string
  query: [name: string, value: string][]
  headers: Map<string, string>
}

/** Reads the address and headers of `message`; throws `S3Error` for what cannot be decoded. */
export function s3Request(message: IncomingMessage): S3Request {
  const [rawPath = '', ...rest] = (message.url ?? '/').split('?')
  const path = decode(rawPath)
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?([\s\S]*)$/.exec(path) ?? []
  if (!path.startsWith('/')) throw invalidUri()
  checkKey(key)
  return {
    message,
    method: message.method ?? 'GET',
    path,
    bucket,
    key,
    query: parseQuery(rest.join('?')),
    headers: joinedHeaders(message),
  }
}

/** Throws `S3Error('KeyTooLongError')` over 1024 bytes of UTF-8. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long')
}

/** The value of query parameter `name`, `undefined` when it is not there. */
export function queryValue(request: S3Request, name: string): string | undefined {
  return request.query.find(([candidate]) => candidate === name)?.[1]
}

/** `x-amz-*` by header, or by query as presigned URLs carry what the client need not repeat. */
export function amzValue(request: S3Request, name: string): string | undefined {
  return (
    request.headers.get(name) ?? request.query.find(([candidate]) => candidate.toLowerCase() === name)?.[1] ?? undefined
  )
}

/** A header value's bytes as UTF-8 where they are that, else as they came (Node reads headers as Latin-1). */
export function headerText(value: string): string {
  const text = Buffer.from(value, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? value : text
}

function parseQuery(raw: string): [string, string][] {
  return raw
    .split('&')
    .filter(Boolean)
    .map(pair => {
      const at = pair.indexOf('=')
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))]
    })
}

/** Repeated headers are one list, in order, as the canonical request wants them. */
function joinedHeaders(message: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? '').toLowerCase()
    const value = message.rawHeaders[index + 1] ?? ''
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return headers
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw invalidUri(cause)
  }
}

const invalidUri = (cause?: unknown) => new S3Error('InvalidURI', "Couldn't parse the specified URI.", { cause })
