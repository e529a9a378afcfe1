/** The transport over undici: with safeDownload.ts the only file of the client that touches the network. */
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import request from 'undici/lib/api/api-request.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import { AppError } from '../core/errors.ts'
import { connecting } from './connecting.ts'
import { safeDownloader } from './safeDownload.ts'
import type { Transport, TransportAnswer, TransportBody, TransportRequest } from './transportPort.ts'

/** Under the idle limits of NAT and load balancers (350 s, 60 s), long enough to span invocations. */
const KEEP_ALIVE_MS = 55_000
const RETRY_AFTER_SECONDS = 10
const LOST_CONNECTION = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** How far a body got, to tell "nothing was sent" from "it may have happened". */
interface Progress {
  started: boolean
  bodyError: unknown
}

/** Where WeChat is; a path in `baseUrl` is put before every request's path. */
export interface TransportOptions {
  baseUrl: string
}

/**
 * A transport with its own keep-alive agent: make one per process. Content-Length is always sent, never a chunked
 * body (wechat-api.md §3.1). Errors as {@link Transport} says.
 */
export function undiciTransport(options: TransportOptions): Transport & { close(): Promise<void> } {
  const base = new URL(options.baseUrl)
  const agent = new Agent({
    connect: connecting(),
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    pipelining: 1,
  })
  const downloader = safeDownloader({ trustedOrigin: base.origin })
  return {
    origin: base.origin,
    download: downloader.download,
    async send(wanted) {
      const first: Progress = { started: false, bodyError: undefined }
      try {
        return await exchange(agent, base, wanted, first)
      } catch (error) {
        if (!wasStale(error, first)) throw failure(error, wanted.signal, first)
      }
      const second: Progress = { started: false, bodyError: undefined }
      try {
        return await exchange(agent, base, wanted, second)
      } catch (error) {
        throw failure(error, wanted.signal, second)
      }
    },
    close: async () => {
      await Promise.all([agent.destroy(), downloader.close()])
    },
  }
}

async function exchange(agent: Dispatcher, base: URL, wanted: TransportRequest, progress: Progress) {
  const { body } = wanted
  const options = {
    origin: base.origin,
    path: target(base, wanted),
    method: wanted.method,
    headers: body ? { ...wanted.headers, 'content-length': String(body.length) } : wanted.headers,
    headersTimeout: wanted.timeoutMs,
    bodyTimeout: wanted.timeoutMs,
  }
  const {
    statusCode,
    headers,
    body: answer,
  } = body === undefined || body instanceof Uint8Array
    ? await sendBytes(agent, { ...options, body, signal: wanted.signal }, progress)
    : await sendFile(agent, { ...options, body, signal: wanted.signal }, progress)
  return { status: statusCode, headers: single(headers), body: answer } satisfies TransportAnswer
}

type Options<Body> = Omit<Parameters<typeof request>[0], 'body' | 'signal'> & {
  body: Body
  signal: AbortSignal | undefined
}

/** Bytes leave at once, in one piece with the head; undici tells when. */
function sendBytes(
  agent: Dispatcher,
  { body, signal, ...options }: Options<Uint8Array | undefined>,
  progress: Progress,
): Promise<Dispatcher.ResponseData> {
  const onBodySent = () => {
    progress.started = true
  }
  const telling: Pick<Dispatcher, 'dispatch'> = {
    dispatch: (asked, handler) => agent.dispatch(asked, Object.assign(handler, { onBodySent })),
  }
  const bytes = body ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : null
  return request.call(telling, { ...options, body: bytes, ...(signal && { signal }) })
}

/** A file is read while it is sent, and its source is closed however that ends. */
async function sendFile(
  agent: Dispatcher,
  { body, signal: outer, ...options }: Options<TransportBody>,
  progress: Progress,
): Promise<Dispatcher.ResponseData> {
  const stop = new AbortController()
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal
  try {
    const answer = await request.call(agent, { ...options, body: watched(body, signal, progress), signal })
    // An answer may come before the body was wholly sent; its source must not stay open then.
    answer.body.once('close', () => stop.abort())
    return answer
  } catch (error) {
    stop.abort()
    throw error
  }
}

/** Opens the file, and notes when its first byte leaves. undici writes the head of the request together with the first chunk. */
function watched(body: TransportBody, signal: AbortSignal, progress: Progress): Readable {
  const stream = body.open(signal)
  // A listener would make it flow before undici listens.
  stream.pause()
  return stream
    .once('data', () => {
      progress.started = true
    })
    .on('error', error => {
      progress.bodyError = error
    })
}

function target(base: URL, wanted: TransportRequest): string {
  const query = new URLSearchParams(wanted.query).toString()
  return `${base.pathname.replace(/\/$/, '')}${wanted.path}${query && `?${query}`}`
}

function single(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  }
  return out
}

/** Nothing was sent on a connection that was already dead: one more try is safe and usually enough. */
function wasStale(error: unknown, progress: Progress): boolean {
  return !progress.started && progress.bodyError === undefined && LOST_CONNECTION.has(codeOf(error))
}

function failure(error: unknown, signal: AbortSignal | undefined, progress: Progress): AppError {
  const cause = new Error(`${codeOf(error)} ${progress.started ? 'after' : 'before'} the first byte of the body`)
  if (signal?.aborted) {
    return progress.started
      ? new AppError('WECHAT_UNCLEAR', 'The call to WeChat was stopped before its answer came.', {}, { cause })
      : new AppError('OUT_OF_TIME', 'The call to WeChat was stopped before it was sent.', {}, { cause })
  }
  // A body that broke off is shorter than its Content-Length: WeChat cannot have accepted it.
  if (error === progress.bodyError) {
    if (error instanceof AppError) return error
    return new AppError('STORE_UNAVAILABLE', 'The file could not be read to its end.', {}, { cause: error })
  }
  if (progress.started) {
    return new AppError('WECHAT_UNCLEAR', 'WeChat did not answer; it may have accepted the request.', {}, { cause })
  }
  return new AppError(
    'WECHAT_UNREACHABLE',
    'WeChat could not be reached.',
    {},
    {
      cause,
      retryAfter: RETRY_AFTER_SECONDS,
    },
  )
}

/** Only the code and name of a foreign error: its message or fields could hold the address with the token. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
