/**
 * Token custody: the one place that fetches an access_token and writes its row. A lease keeps concurrent renewals
 * few; the row's version makes them correct, for a slow old answer can never overwrite a newer one.
 */
import { readAccount } from '../../core/account.ts'
import { type AppError, asAppError } from '../../core/errors.ts'
import { randomId } from '../../core/ids.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { IssuedToken, TokenParameter } from '../../ports/credentials.ts'
import type { Row } from '../../ports/table.ts'
import { credentialOf } from './credentialOf.ts'
import {
  EXPIRY_MARGIN_MS,
  LEASE_MS,
  RENEW_AHEAD_MS,
  readToken,
  standingFailure,
  type TokenData,
  tokenRow,
} from './tokenRow.ts'

/** What renewing needs; only the refresher is wired with `secrets`. */
export type RenewPorts = PortsOf<'table' | 'credentials' | 'secrets'>

/** How a renewal ended. `busy`: another one holds the lease. */
export type RenewOutcome = 'fresh' | 'renewed' | 'busy' | 'failed'

/** One account's renewal. `failedGeneration`: WeChat refused that token. `force`: an operator wants another one. */
export interface RenewRequest {
  appId: string
  failedGeneration?: number
  force?: boolean
  signal?: AbortSignal
}

const LEASE_ID_LENGTH = 16
const SHORT_RETRY_MS = 5_000
/** A misconfigured account is asked again hourly, not at every call. */
const PROBE_MS = 3_600_000
/** WeChat ignores a forced refresh within 30 s of the last; we force at most once an hour by ourselves. */
const SUSPECT_MS = 30_000
const FORCE_PAUSE_MS = 3_600_000

/** WeChat's own limit (wechat-api.md §1.2); a day is any 24 hours here, which is the safer reading. */
export const FORCED_A_DAY = 20
const DAY_MS = 24 * 3_600_000

/** Renews one account's token unless it is fresh already. Throws only when the table fails. */
export async function renewToken(ports: RenewPorts, request: RenewRequest): Promise<RenewOutcome> {
  const { table, clock, random } = ports
  const { appId, failedGeneration, force, signal } = request
  const row = await readToken(table, appId, signal)
  const now = clock.now()
  if (!force && row && isFresh(row.data, now, failedGeneration)) return 'fresh'
  if (!force && standingFailure(row?.data, now)) return 'failed'
  if (row?.data.lease && row.data.lease.until > now) return 'busy'

  const before = row?.data ?? { app_id: appId, value: '', generation: 0, issued_at: 0, expires_at: 0 }
  const suspected = failedGeneration === undefined ? before : { ...before, suspect_since: before.suspect_since ?? now }
  const leased = await table.put(
    tokenRow({ ...suspected, lease: { id: randomId(random, LEASE_ID_LENGTH), until: now + LEASE_MS } }),
    row?.version ?? 0,
    signal,
  )
  if (!leased.ok) return 'busy'
  return fetchUnderLease(ports, leased.row, request)
}

/** Fresh: not yet due, or already newer than the token that was refused. */
function isFresh(data: TokenData, now: number, failedGeneration: number | undefined): boolean {
  if (!data.value || data.expires_at <= now) return false
  if (failedGeneration !== undefined) return data.generation > failedGeneration
  return data.expires_at + EXPIRY_MARGIN_MS - RENEW_AHEAD_MS > now
}

async function fetchUnderLease(
  ports: RenewPorts,
  row: Row<TokenData>,
  { appId, failedGeneration, force: wished = false, signal }: RenewRequest,
): Promise<RenewOutcome> {
  const { table, credentials, secrets, clock, log } = ports
  const { lease: _, failure: __, ...held } = row.data
  const sentAt = clock.now()
  const force = wished || (failedGeneration !== undefined && mustForce(held, sentAt))
  let next: TokenData
  try {
    const account = await readAccount(table, appId, signal)
    const credential = credentialOf(credentials, account.credential)
    const forced = force && credential.forceable
    const secret = () => secrets.open(account.sealed_secret, appId)
    const answer = await credential.issue({ appId, secret, force: forced }, signal)
    const { parameter } = credential
    next = renewed(held, answer, { sentAt, parameter, forced, refused: failedGeneration !== undefined })
  } catch (cause) {
    const error = asAppError(cause)
    log.warn('token renewal failed', { app_id: appId, error: cause })
    next = { ...held, failure: failureOf(error, clock.now()) }
  }
  const written = await table.put(tokenRow(next), row.version, signal)
  if (!written.ok) return 'busy'
  return next.failure ? 'failed' : 'renewed'
}

/** Normal mode gave the refused string back more than 30 s ago and it is refused again: only force helps. */
const mustForce = (held: TokenData, now: number): boolean =>
  held.suspect_since !== undefined &&
  now - held.suspect_since >= SUSPECT_MS &&
  now - (held.forced_at ?? 0) >= FORCE_PAUSE_MS &&
  forcedLately(held, now).length < FORCED_A_DAY

/** When tokens were forced in the 24 hours before `now` (ms). */
export const forcedLately = ({ forced = [] }: Pick<TokenData, 'forced'>, now: number): number[] =>
  forced.filter(at => now - at < DAY_MS)

interface Circumstances {
  sentAt: number
  parameter: TokenParameter
  forced: boolean
  refused: boolean
}

/** Life is counted from the moment of asking: the round trip is WeChat's time, not ours. */
function renewed(
  held: TokenData,
  answer: IssuedToken,
  { sentAt, parameter, forced, refused }: Circumstances,
): TokenData {
  const { suspect_since: suspectSince, parameter: _, ...rest } = held
  const same = answer.access_token === held.value
  return {
    ...rest,
    value: answer.access_token,
    ...(parameter !== 'access_token' && { parameter }),
    // The same string after a refusal counts as a new generation: its holders may try it once more.
    generation: same && !refused ? held.generation : held.generation + 1,
    issued_at: sentAt,
    expires_at: sentAt + answer.expires_in * 1000 - EXPIRY_MARGIN_MS,
    ...(same && refused && suspectSince !== undefined && { suspect_since: suspectSince }),
    ...(forced && { forced_at: sentAt, forced: [...forcedLately(held, sentAt), sentAt] }),
  }
}

function failureOf(error: AppError, now: number): NonNullable<TokenData['failure']> {
  const pause =
    error.code === 'ACCOUNT_MISCONFIGURED' ? PROBE_MS : Math.max(SHORT_RETRY_MS, (error.retryAfter ?? 0) * 1000)
  return {
    code: error.code,
    message: error.message,
    details: error.details,
    ...(error.wechat && { wechat: error.wechat }),
    at: now,
    retry_at: now + pause,
  }
}
