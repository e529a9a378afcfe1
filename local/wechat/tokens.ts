/** Minting and judging access_tokens (wechat-api.md §0.2, §1). */

import { beijingDay } from './quotas.ts'
import { Refusal } from './refusal.ts'
import type { Simulator } from './simulator.ts'
import { type AccountState, TOKEN_OVERLAP_MS, type TokenRecord } from './state.ts'

const TOKEN_BYTES = 102
const FORCED_GAP_MS = 30_000
const FORCED_PER_DAY = 20
const TOKEN_SHAPE = /^\d{1,3}_[A-Za-z0-9_-]{64,}$/

/** The token record of an `access_token` parameter; throws `Refusal` 41001, 40014, 40001 or 42001. */
export function checkToken(simulator: Simulator, value: string | null): TokenRecord {
  if (value === null) throw new Refusal(41001)
  const token = simulator.state.tokens.get(value)
  if (!token) throw new Refusal(TOKEN_SHAPE.test(value) ? 40001 : 40014)
  if (simulator.now() >= token.diesAt) throw new Refusal(token.deathErrcode)
  return token
}

/** A new token of the family; the older ones get their 5 minutes. */
export function mintToken(
  simulator: Simulator,
  account: AccountState,
  { family, forced }: { family: 'classic' | 'stable'; forced: boolean },
): TokenRecord {
  const [first = 0] = simulator.random.bytes(1)
  const value = `${10 + (first % 90)}_${Buffer.from(simulator.random.bytes(TOKEN_BYTES)).toString('base64url')}`
  simulator.record({ event: 'token', appId: account.settings.appId, family, value, forced })
  const token = simulator.state.tokens.get(value)
  if (!token) throw new Error('a minted token was not applied')
  return token
}

/** The stable token in normal mode: the same one until it has 5 minutes or less to live. */
export function stableToken(simulator: Simulator, account: AccountState): TokenRecord {
  const current = account.tokens.stable.at(-1)
  return current && current.diesAt - simulator.now() > TOKEN_OVERLAP_MS
    ? current
    : mintToken(simulator, account, { family: 'stable', forced: false })
}

/** Whether a forced refresh is allowed now: 30 s after the last one, 20 a day. */
export function mayForce(simulator: Simulator, account: AccountState): boolean {
  const now = simulator.now()
  const last = account.forcedAt.at(-1)
  const today = account.forcedAt.filter(at => beijingDay(at) === beijingDay(now)).length
  return today < FORCED_PER_DAY && (last === undefined || now - last >= FORCED_GAP_MS)
}
