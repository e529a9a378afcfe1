/** PUT and GET of the stand-in's files, as COS answers them. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { FileGrants } from './fileGrants.ts'
import type { Files, StoredFile } from './files.ts'

/** Headers that COS keeps with an object. */
const KEPT = /^(content-type|content-disposition|x-cos-meta-.+)$/

/** What the route works with. */
export interface FileStorage {
  files: Files
  grants: FileGrants
}

/** Answers a request for the file at `key`. */
export async function fileRoute(
  storage: FileStorage,
  request: IncomingMessage,
  response: ServerResponse,
  { key, query }: { key: string; query: URLSearchParams },
): Promise<void> {
  if (request.method === 'PUT') return putFile(storage, request, response, key)
  request.resume()
  if (request.method !== 'GET') return refuse(response, 405, 'MethodNotAllowed')
  if (!storage.grants.allowsDownload(key, query)) return refuse(response, 403, 'AccessDenied')
  const file = storage.files.get(key)
  if (!file) return refuse(response, 404, 'NoSuchKey')
  const wanted = request.headers['if-match']
  if (wanted !== undefined && wanted !== `"${file.etag}"`) return refuse(response, 412, 'PreconditionFailed')
  await sendFile(storage.files, file, request.headers.range, response)
}

async function putFile(
  { files, grants }: FileStorage,
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
): Promise<void> {
  if (!grants.allowsUpload(key, request.headers.authorization)) {
    request.resume()
    return refuse(response, 403, 'SignatureDoesNotMatch')
  }
  const kept = Object.entries(request.headers).flatMap(([name, value]) =>
    KEPT.test(name) && value !== undefined ? [[name, String(value)]] : [],
  )
  const { etag } = await files.put(key, request, Object.fromEntries(kept))
  response.writeHead(200, { etag: `"${etag}"`, 'content-length': 0 }).end()
}

async function sendFile(
  files: Files,
  file: StoredFile,
  range: string | undefined,
  response: ServerResponse,
): Promise<void> {
  const first = range === 'bytes=0-0'
  if (first && file.size === 0) return refuse(response, 416, 'InvalidRange')
  const handle = await files.open(file)
  response.writeHead(first ? 206 : 200, {
    ...file.headers,
    etag: `"${file.etag}"`,
    'content-length': first ? 1 : file.size,
    ...(first && { 'content-range': `bytes 0-0/${file.size}` }),
  })
  await pipeline(handle.createReadStream(first ? { start: 0, end: 0 } : {}), response)
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const body = `<?xml version='1.0' encoding='utf-8' ?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
}
