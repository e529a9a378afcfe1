/** What the stack's small HTTP servers have in common. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'

const HOST = '127.0.0.1'
const KEEP_ALIVE_MS = 75_000
const CLOSE_GRACE_MS = 1_000

/** A listening server. */
export interface RunningServer {
  port: number
  url: string
  /** Ends idle connections at once, busy ones within a second. */
  close(): Promise<void>
}

/** Listens on loopback; 0 takes a free port. Rejects with Node's error when the port is taken. */
export function listen(port: number, listener: RequestListener): Promise<RunningServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener)
  const close = () =>
    new Promise<void>(resolve => {
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      server.close(() => {
        clearTimeout(force)
        resolve()
      })
      server.closeIdleConnections()
    })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      const address = server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      resolve({ port: bound, url: `http://${HOST}:${bound}`, close })
    })
  })
}

/** The whole body, or `undefined` when it has more than `maxBytes`; the rest is read and dropped, so that the client hears the answer. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a body chunk is no bytes')
    size += chunk.length
    if (size <= maxBytes) chunks.push(chunk)
  }
  return size <= maxBytes ? Buffer.concat(chunks, size) : undefined
}

/** Answers JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes)
}
