/** What the stand-ins have in common: a server on 127.0.0.1, with TLS or without, and the file everything is about. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** Where a stand-in's certificate lies; plain HTTP without. */
export interface Tls {
  keyFile: string
  certFile: string
}

const KEEP_ALIVE_MS = 120_000
const PNG = Buffer.from('89504e470d0a1a0a', 'hex')

/** Starts a server; answers its origin. It lives as long as its process. */
export async function listen(
  tls: Tls | undefined,
  respond: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  const options = { keepAliveTimeout: KEEP_ALIVE_MS, highWaterMark: 256 * 1_024 }
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    Promise.resolve(respond(request, response)).catch((error: unknown) => {
      process.stderr.write(`${request.url}: ${error}\n`)
      response.destroy()
    })
  }
  const server = tls
    ? createTlsServer({ ...options, key: readFileSync(tls.keyFile), cert: readFileSync(tls.certFile) }, listener)
    : createServer(options, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
}

/** The chunks of a body; their bytes are looked at later, when nobody is being measured. */
export async function chunksOf(request: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return chunks
}

/** Answers JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
}

/** `size` bytes that begin like a PNG and repeat nowhere near; the same ones in every process. */
export function sampleFile(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0, block = 0; at < size; at += 32, block++) {
    createHash('sha256').update(String(block)).digest().copy(bytes, at)
  }
  PNG.copy(bytes)
  return bytes
}

/** Lower-case hex SHA-256. */
export const sha256 = (...chunks: Uint8Array[]): string =>
  chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest('hex')
