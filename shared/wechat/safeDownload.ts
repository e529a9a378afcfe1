/** Fetches files from addresses that an answer names, without becoming a way into our own network (security.md, SSRF). */
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import request from 'undici/lib/api/api-request.js'
import { AppError } from '../core/errors.ts'
import { Passing } from '../core/passing.ts'
import { type AddressRules, checkLiteral, guardedAgent, type Lookup, openAgent } from './guardedAgent.ts'
import type { DownloadRequest, TransportAnswer } from './transportPort.ts'

const MAX_REDIRECTS = 2
const RETRY_AFTER_SECONDS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Domains of WeChat's files; only these may be fetched without TLS (seed002: videos are http only). */
const WECHAT_DOMAINS = ['qq.com', 'qpic.cn', 'qlogo.cn', 'gtimg.com', 'gtimg.cn']

/** What decides where a file may come from. */
export interface SafeDownloadOptions {
  /** Where WeChat's API is: this origin may be fetched from, whatever its address. */
  trustedOrigin: string
  /** The system's when absent. */
  lookup?: Lookup
  /** `isPublicAddress` when absent. */
  isPublic?: (address: string) => boolean
}

/**
 * A downloader: https, or http from WeChat's domains and the trusted origin; public addresses only, checked where the
 * connection is made, so that the checked address is the connected one; at most two redirects, each checked like the
 * first address; `maxBytes` at most. Throws `AppError`: `WECHAT_BAD_ANSWER` for an address that is refused, a body that
 * is too large or encoded, `WECHAT_UNREACHABLE` when nobody answers, `OUT_OF_TIME` when the signal aborts.
 */
export function safeDownloader(options: SafeDownloadOptions): {
  download(wanted: DownloadRequest): Promise<TransportAnswer>
  close(): Promise<void>
} {
  const { trustedOrigin, lookup, isPublic } = options
  const rules: AddressRules = { lookup, isPublic, refused }
  const open = openAgent()
  const guarded = guardedAgent(rules)

  const agentFor = (url: URL, trusted: boolean): Dispatcher => {
    if (url.username || url.password) throw refused('an address with credentials')
    if (trusted && url.origin === trustedOrigin) return open
    const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isOfWeChat(url.hostname))
    if (!secure) throw refused(`the origin ${url.protocol}//${url.hostname}`)
    checkLiteral(url, rules)
    return guarded
  }

  const download = async (wanted: DownloadRequest): Promise<TransportAnswer> => {
    let url = parsed(wanted.url)
    let trusted = true
    for (let hops = 0; ; hops++) {
      const agent = agentFor(url, trusted)
      const answer = await once(agent, url, wanted)
      const location = REDIRECTS.has(answer.statusCode) ? answer.headers['location'] : undefined
      if (location === undefined) return usable(answer, wanted.maxBytes)
      answer.body.on('error', () => undefined).destroy()
      if (hops === MAX_REDIRECTS) throw refused('one redirect too many')
      // Whoever is elsewhere may not send us back inside.
      trusted = agent === open
      url = parsed(String(location), url)
    }
  }
  return {
    download,
    close: async () => {
      await Promise.all([open.destroy(), guarded.destroy()])
    },
  }
}

async function once(agent: Dispatcher, url: URL, wanted: DownloadRequest): Promise<Dispatcher.ResponseData> {
  const { timeoutMs, signal } = wanted
  try {
    return await request.call(agent, {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ?? null,
      body: null,
    })
  } catch (error) {
    if (error instanceof AppError) throw error
    const cause = new Error(`download from ${url.host}: ${codeOf(error)}`)
    if (signal?.aborted) throw new AppError('OUT_OF_TIME', 'The file did not come in time.', {}, { cause })
    throw new AppError(
      'WECHAT_UNREACHABLE',
      'The place where WeChat keeps the file could not be reached.',
      {},
      { cause, retryAfter: RETRY_AFTER_SECONDS },
    )
  }
}

function usable(answer: Dispatcher.ResponseData, maxBytes: number): TransportAnswer {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name.toLowerCase()] = String(value)
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  const tooLarge = Number(headers['content-length'] ?? 0) > maxBytes
  if (encoding !== 'identity' || tooLarge) {
    answer.body.on('error', () => undefined).destroy()
    throw tooLarge ? oversized(maxBytes) : refused(`the encoding ${encoding}`)
  }
  return { status: answer.statusCode, headers, body: limited(answer.body, maxBytes) }
}

/** The same bytes; one too many destroys the stream. */
function limited(body: Readable, maxBytes: number): Readable {
  return new Passing(body, {
    arrive(total) {
      if (total > maxBytes) throw oversized(maxBytes)
    },
  })
}

function parsed(address: string, base?: URL): URL {
  if (!URL.canParse(address, base?.href)) throw refused('something that is no address')
  return new URL(address, base)
}

const isOfWeChat = (hostname: string): boolean =>
  WECHAT_DOMAINS.some(domain => hostname === domain || hostname.endsWith(`.${domain}`))

const refused = (what: string): AppError =>
  new AppError(
    'WECHAT_BAD_ANSWER',
    'WeChat named a place for the file from which this service does not fetch.',
    {},
    { cause: new Error(`refused: ${what}`) },
  )

const oversized = (maxBytes: number): AppError =>
  new AppError('WECHAT_BAD_ANSWER', `The file from WeChat has more than ${maxBytes} bytes.`, { limit: maxBytes })

/** Only code or name of a foreign error: its message could hold the whole address. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
