/** The embedded DynamoDB: our own HTTP front over dynalite's actions, LevelDB on disk. */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import type { Clock } from '../../shared/ports/clock.ts'
import { ApiError, errorAnswer, hasAnswer } from './apiError.ts'
import { type Operations, openOperations } from './operations.ts'

const HOST = '127.0.0.1'
const MAX_REQUEST_BYTES = 16 * 1024 * 1024
const KEEP_ALIVE_MS = 10 * 60 * 1000
const SWEEP_MS = 1000
const CLOSE_GRACE_MS = 3000
const API_VERSION = 'DynamoDB_20120810'
const CONTENT_TYPE = 'application/x-amz-json-1.0'

/** Where the server listens and keeps its data. */
export interface TableServerOptions {
  /** 0 takes a free one. */
  port: number
  /** The database lies in its sub-folder `table`. */
  dataDir: string
  /** Decides what has expired. */
  clock: Clock
  /** Milliseconds between sweeps for expired items, by default 1,000. */
  sweepEvery?: number
}

/** A running table server. */
export interface TableServer {
  port: number
  url: string
  /** Removes expired items now; tells how many went. */
  sweepExpired(): Promise<number>
  /** Lets running requests end (3 s at most for those that wait for their client), then closes the database. */
  close(): Promise<void>
}

/**
 * Starts the server on 127.0.0.1. Rejects with `DataDirInUseError` when another process has the data open,
 * and with Node's own error (`EADDRINUSE`) when the port is taken.
 */
export async function startTableServer(options: TableServerOptions): Promise<TableServer> {
  const { port, dataDir, clock, sweepEvery = SWEEP_MS } = options
  const operations = await openOperations(dataDir, clock)
  const running = new Set<Promise<void>>()
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const work = serve(request, response, operations).finally(() => running.delete(work))
    running.add(work)
  })
  try {
    await listen(server, port)
  } catch (error) {
    await operations.close()
    throw error
  }

  let sweeping: Promise<unknown> | undefined
  const sweeper = setInterval(() => {
    sweeping ??= operations
      .sweepExpired()
      .catch(error => console.error('table server: the expiry sweep failed', error))
      .finally(() => {
        sweeping = undefined
      })
  }, sweepEvery)
  sweeper.unref()

  const address = server.address()
  const boundPort = typeof address === 'object' && address ? address.port : port
  return {
    port: boundPort,
    url: `http://${HOST}:${boundPort}`,
    sweepExpired: operations.sweepExpired,
    async close() {
      clearInterval(sweeper)
      server.close()
      const impatience = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await Promise.allSettled([...running, sweeping])
      clearTimeout(impatience)
      server.closeAllConnections()
      await operations.close()
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function serve(request: IncomingMessage, response: ServerResponse, operations: Operations): Promise<void> {
  let body: string
  try {
    body = await readBody(request)
  } catch (error) {
    if (!hasAnswer(error)) return void response.destroy()
    request.resume()
    return send(response, error.statusCode, error.body)
  }
  if (request.method === 'GET') return sendText(response, 200, 'healthy: the embedded table server\n', 'text/plain')
  try {
    await send(response, 200, await operations.execute(readTarget(request), readJson(body)))
  } catch (error) {
    const { statusCode, body } = errorAnswer(error)
    if (statusCode >= 500) console.error('table server:', error)
    await send(response, statusCode, body)
  }
}

/** Throws when the client goes away before its body is complete. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  // A destroyed request would take the 413 with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_REQUEST_BYTES) throw new ApiError('RequestEntityTooLargeException', 'The request is too large', 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The operation's name. The signature is not verified, but asking for one keeps web pages out. */
function readTarget(request: IncomingMessage): string {
  const [version, operation] = String(request.headers['x-amz-target'] ?? '').split('.')
  if (request.method !== 'POST' || version !== API_VERSION || !operation) {
    throw new ApiError('UnknownOperationException', 'The request names no operation')
  }
  if (!request.headers.authorization) {
    throw new ApiError('MissingAuthenticationTokenException', 'Request is missing Authentication Token')
  }
  return operation
}

function readJson(body: string): Record<string, unknown> {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    throw new ApiError('SerializationException', 'The request is not JSON')
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new ApiError('SerializationException', 'The request is not a JSON object')
  }
  return Object.fromEntries(Object.entries(data))
}

function send(response: ServerResponse, statusCode: number, body: object): Promise<void> {
  return sendText(response, statusCode, JSON.stringify(body), CONTENT_TYPE)
}

/** Ends when the answer is out, or the client is gone. */
async function sendText(response: ServerResponse, statusCode: number, text: string, type: string): Promise<void> {
  const bytes = Buffer.from(text, 'utf8')
  response.writeHead(statusCode, {
    'content-type': type,
    'content-length': bytes.length,
    'x-amz-crc32': crc32(bytes),
    'x-amzn-requestid': randomBytes(16).toString('hex').toUpperCase(),
  })
  response.end(bytes)
  await finished(response).catch(() => undefined)
}
