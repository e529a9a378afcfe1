/** Tokens where the platform brings its own: `cloudbase_access_token` or cloud calls for what it opens, the token row for the rest. */
import { findAccount } from '../../core/account.ts'
import type { Clock } from '../../ports/clock.ts'
import type { CredentialKind } from '../../ports/credentials.ts'
import type { Table } from '../../ports/table.ts'
import type { AccessToken, CallFacts, Tokens } from '../../ports/tokens.ts'

/** The platform's token of this process (`expiresAt` in ms since the epoch), `undefined` while it gives none. */
export type CloudTokenSource = () => { value: string; expiresAt: number } | undefined

/** The calls that the platform's token opens: media and material. Drafts have no cloud call (wechat-api.md §8.1). */
const OPENED = /^(media|material)\//

/** How long an account's kind is believed without asking again. */
const KIND_MS = 60_000

/** What choosing takes: `rows` are the tokens of the table. */
export interface CloudTokensPorts {
  rows: Tokens
  source: CloudTokenSource
  /** Whether the platform has a cloud call for it. */
  isCloudCall: (call: CallFacts) => boolean
  table: Table
  clock: Clock
}

/**
 * `Tokens` that give an account whose `credential` is `cloudbase` the platform's token for the calls that it opens, one
 * with `cloudcall` the word to make a cloud call, and everybody else the row's token. A refused token of the platform is
 * followed by a newer one of it, else by the row's; so is a cloud call that the platform does not make.
 */
export function cloudTokens({ rows, source, isCloudCall, table, clock }: CloudTokensPorts): Tokens {
  const kinds = new Map<string, { kind: CredentialKind | undefined; until: number }>()

  const kindOf = async (appId: string, signal: AbortSignal | undefined): Promise<CredentialKind | undefined> => {
    const known = kinds.get(appId)
    if (known && known.until > clock.now()) return known.kind
    const kind = (await findAccount(table, appId, signal))?.data.credential
    kinds.set(appId, { kind, until: clock.now() + KIND_MS })
    return kind
  }

  const ofPlatform = (): AccessToken | undefined => {
    const given = source()
    return given && { ...given, parameter: 'cloudbase_access_token', generation: 0 }
  }

  return {
    async current(appId, signal, call = { endpoint: '', bytes: 0 }) {
      const token = OPENED.test(call.endpoint) ? ofPlatform() : undefined
      const callable = isCloudCall(call)
      const kind = token || callable ? await kindOf(appId, signal) : undefined
      if (token && kind === 'cloudbase') return token
      return callable && kind === 'cloudcall' ? cloudCallOf(appId) : rows.current(appId, signal, call)
    },
    async replace(appId, failed, signal) {
      if (failed.parameter !== 'cloudbase_access_token') return rows.replace(appId, failed, signal)
      const next = ofPlatform()
      return next && next.value !== failed.value ? next : rows.current(appId, signal)
    },
  }
}

const cloudCallOf = (appId: string): AccessToken => ({
  value: `cloud-call/${appId}`,
  parameter: 'cloud_call',
  generation: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
})
