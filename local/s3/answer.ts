/** What a route answers, and how it goes onto the wire. */
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ByteRange } from './conditions.ts'
import { S3Error } from './s3Error.ts'
import { writeXml, type XmlContent } from './xml.ts'

const MAX_DRAIN_BYTES = 64 * 1024 * 1024
const READ_BYTES = 256 * 1024

/** Bytes of an open file; whoever sends the answer closes the file. */
export interface FileBody {
  file: FileHandle
  range: ByteRange
}

/** An answer not yet sent. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body?: string | FileBody
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers }
}

/** 200 with an XML document. */
export function xmlAnswer(root: string, content: XmlContent, headers: Record<string, string> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body: writeXml(root, content) }
}

/** The answer to a failure; what is no `S3Error` becomes InternalError and says nothing more. */
export function errorAnswer(error: unknown, about: { resource: string; requestId: string }): Answer {
  const refusal =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', 'We encountered an internal error. Please try again.')
  const { code, message, fields, status, headers } = refusal
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: writeXml(
      'Error',
      { Code: code, Message: message, ...fields, Resource: about.resource, RequestId: about.requestId },
      false,
    ),
  }
}

/** Sends `answer`, and only its head for HEAD. Resolves when it is on its way; a client that left is no error. */
export async function sendAnswer(response: ServerResponse, answer: Answer, head: boolean): Promise<void> {
  const { status, headers, body } = answer
  try {
    if (body === undefined || typeof body === 'string') {
      const bytes = Buffer.from(body ?? '')
      const length = status === 204 || status === 304 || headers['content-length'] !== undefined
      response.writeHead(status, length ? headers : { ...headers, 'content-length': String(bytes.length) })
      response.end(head || bytes.length === 0 ? undefined : bytes)
      return
    }
    response.writeHead(status, headers)
    const length = body.range.end - body.range.start + 1
    if (head || length === 0) response.end()
    else if (length <= READ_BYTES) {
      const { bytesRead, buffer } = await body.file.read(Buffer.allocUnsafe(length), 0, length, body.range.start)
      if (bytesRead < length) response.destroy()
      else response.end(buffer)
    } else {
      const source = body.file.createReadStream({ ...body.range, highWaterMark: READ_BYTES, autoClose: false })
      await pipeline(source, response).catch(() => response.destroy())
    }
  } finally {
    if (typeof body === 'object') await body.file.close()
  }
}

/**
 * Reads what is left of a request, up to 64 MiB, so that the client has stopped sending when the answer comes:
 * otherwise it sees a reset instead. Tells whether the request is at its end.
 */
export async function drain(message: IncomingMessage): Promise<boolean> {
  let drained = 0
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      drained += chunk.length
      if (drained > MAX_DRAIN_BYTES) return false
    }
    return true
  } catch {
    return false
  }
}
