/** Reads a request's body whole. */
import type { IncomingMessage } from 'node:http'

/** Above every limit of WeChat. */
const MAX_BODY_BYTES = 25 * 1024 * 1024

/** A body; when it was over 25 MiB, `tooLarge` is set and nothing of it is kept. */
export interface Body {
  body: Buffer
  tooLarge: boolean
}

/** All bytes as they came. Even an oversized body is read to its end: answering earlier would reset the sender. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  let chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size <= MAX_BODY_BYTES) chunks.push(bytes)
    else chunks = []
  }
  return { body: Buffer.concat(chunks), tooLarge: size > MAX_BODY_BYTES }
}
