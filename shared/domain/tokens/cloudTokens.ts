/** Tokens where the platform brings its own: `cloudbase_access_token` for the calls it opens, the token row for the rest. */
import { findAccount } from '../../core/account.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Table } from '../../ports/table.ts'
import type { AccessToken, Tokens } from '../../ports/tokens.ts'

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
  table: Table
  clock: Clock
}

/**
 * `Tokens` that give an account whose `credential` is `cloudbase` the platform's token for the calls that it opens,
 * and everybody else the row's. A refused token of the platform is followed by a newer one of it, else by the row's.
 */
export function cloudTokens({ rows, source, table, clock }: CloudTokensPorts): Tokens {
  const kinds = new Map<string, { cloud: boolean; until: number }>()

  const isCloud = async (appId: string, signal: AbortSignal | undefined): Promise<boolean> => {
    const known = kinds.get(appId)
    if (known && known.until > clock.now()) return known.cloud
    const cloud = (await findAccount(table, appId, signal))?.data.credential === 'cloudbase'
    kinds.set(appId, { cloud, until: clock.now() + KIND_MS })
    return cloud
  }

  const ofPlatform = (): AccessToken | undefined => {
    const given = source()
    return given && { ...given, parameter: 'cloudbase_access_token', generation: 0 }
  }

  return {
    async current(appId, signal, endpoint = '') {
      const token = OPENED.test(endpoint) ? ofPlatform() : undefined
      return token && (await isCloud(appId, signal)) ? token : rows.current(appId, signal, endpoint)
    },
    async replace(appId, failed, signal) {
      if (failed.parameter !== 'cloudbase_access_token') return rows.replace(appId, failed, signal)
      const next = ofPlatform()
      return next && next.value !== failed.value ? next : rows.current(appId, signal)
    },
  }
}
