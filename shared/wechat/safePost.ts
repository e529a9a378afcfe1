/** Posts to an address that an operator named, without becoming a way into our own network (security.md, SSRF). */
import request from 'undici/lib/api/api-request.js'
import type { Outbound, OutboundRequest } from '../ports/outbound.ts'
import { type AddressRules, checkLiteral, guardedAgent, type Lookup } from './guardedAgent.ts'

/** What decides where a post may go. */
export interface SafePostOptions {
  /** The system's when absent. */
  lookup?: Lookup
  /** Whether a connection to `address` may be made; public ones when absent. */
  isPublic?: (address: string) => boolean
  /** Whether http will do; only https when absent. */
  allowHttp?: boolean
}

class Refused extends Error {}

/** An outbound port over https to public addresses, each checked where the connection is made. */
export function safePoster(options: SafePostOptions = {}): Outbound & { close(): Promise<void> } {
  const { lookup, isPublic, allowHttp = false } = options
  const rules: AddressRules = { lookup, isPublic, refused: what => new Refused(what) }
  const agent = guardedAgent(rules)
  return {
    async post({ url: address, headers, body, timeoutMs, signal }: OutboundRequest) {
      try {
        const url = new URL(address)
        const secure = url.protocol === 'https:' || (allowHttp && url.protocol === 'http:')
        if (!secure || url.username || url.password) return { failure: 'REFUSED_ADDRESS' }
        checkLiteral(url, rules)
        const answer = await request.call(agent, {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          headers: { ...headers, 'content-length': String(body.length) },
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          signal,
          body: Buffer.from(body),
        })
        answer.body.on('error', () => undefined).destroy()
        return { status: answer.statusCode }
      } catch (error) {
        return { failure: signal.aborted ? 'OUT_OF_TIME' : wordFor(error) }
      }
    },
    close: () => agent.destroy(),
  }
}

/** Only the code of a foreign error: its message could hold the whole address. */
function wordFor(error: unknown): string {
  if (error instanceof Refused) return 'REFUSED_ADDRESS'
  if (!(error instanceof Error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
