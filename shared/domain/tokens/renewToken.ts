/**
 * Token custody: the one place that fetches an access_token and writes its row. A lease keeps concurrent renewals
 * few; the row's version makes them correct, for a slow old answer can never overwrite a newer one.
 */
import { readAccount } from '../../core/account.ts'
import { asAppError } from '../../core/errors.ts'
import { randomId } from '../../core/ids.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row } from '../../ports/table.ts'
import { learnSkew, MAX_SKEW_MS, skewOf } from './clockSkew.ts'
import { credentialOf } from './credentialOf.ts'
import { failureOf, isFault, mustForce, renewed, suspected } from './renewal.ts'
import { forgetToken, joinedRenewal, knownSince, type RenewOutcome, rememberToken } from './renewalMemory.ts'
import {
  EXPIRY_MARGIN_MS,
  failureId,
  LEASE_MS,
  leaseStands,
  RENEW_AHEAD_MS,
  readToken,
  standingFailure,
  type TokenData,
  tokenRow,
} from './tokenRow.ts'
import { untilAborted } from './untilAborted.ts'

/** What renewing needs; only the refresher is wired with `secrets`. */
export type RenewPorts = PortsOf<'table' | 'credentials' | 'secrets'>

/** One account's renewal. */
export interface RenewRequest {
  appId: string
  /** WeChat refused this token. */
  failedGeneration?: number
  /** An operator wants another one. */
  force?: boolean
  /** The lease or failure that somebody has seen unchanged until its time was over, on a clock of their own. */
  unchanged?: string
  /** The version of the row that the caller saw, 0 for none: what this process knows of a newer one is answer enough. Not with `force`. */
  seen?: number
  signal?: AbortSignal
}

const LEASE_ID_LENGTH = 16

/** WeChat's time as far as this process knows it, in ms. */
export const serverNow = ({ credentials, clock }: RenewPorts): number => clock.now() + (skewOf(credentials) ?? 0)

/**
 * Renews one account's token unless it is fresh already. Throws only when the table fails, or the signal's reason. With
 * `seen` it may answer without the table, for a renewal of this process that is under way or just over.
 */
export async function renewToken(ports: RenewPorts, request: RenewRequest): Promise<RenewOutcome> {
  const { appId, failedGeneration, unchanged, seen, signal } = request
  if (seen === undefined) return renewByRow(ports, request)
  const known = knownSince(ports, appId, seen)
  if (known && isFresh(ports, known, failedGeneration)) return 'fresh'
  const name = [appId, failedGeneration, unchanged].join('#')
  return untilAborted(
    joinedRenewal(ports, name, () => renewByRow(ports, request)),
    signal,
  )
}

async function renewByRow(ports: RenewPorts, request: RenewRequest): Promise<RenewOutcome> {
  const { table, random } = ports
  const { appId, failedGeneration, force, unchanged, signal } = request
  const row = await readToken(table, appId, signal)
  const now = serverNow(ports)
  const held = row?.data
  const leased = leaseStands(held?.lease, now, unchanged)
  if (!force && row?.data.value && isFresh(ports, row.data, failedGeneration)) {
    rememberToken(ports, row)
    if (row.data.lease && !leased) await release(ports, row)
    return 'fresh'
  }
  if (!force && held?.failure && failureId(held.failure) !== unchanged && standingFailure(held, now)) return 'failed'
  if (leased) return 'busy'

  const before = held ?? { app_id: appId, value: '', generation: 0, issued_at: 0, expires_at: 0 }
  const lease = { id: randomId(random, LEASE_ID_LENGTH), until: now + LEASE_MS }
  const draft = { ...(failedGeneration === undefined ? before : suspected(before, now)), lease }
  const written = await table.put(tokenRow(draft), row?.version ?? 0, signal)
  return written.ok ? fetchUnderLease(ports, written.row, request) : 'busy'
}

/** Fresh: not yet due, or already newer than the token that was refused. */
function isFresh(
  ports: RenewPorts,
  data: Pick<TokenData, 'generation' | 'expires_at' | 'failure'>,
  failedGeneration: number | undefined,
): boolean {
  const now = serverNow(ports)
  if (data.expires_at <= now) return false
  if (failedGeneration !== undefined) return data.generation > failedGeneration
  // A failure is tried again when its time has come, also while the token is good: it may be over.
  if (data.failure) return false
  // A clock that may be slow counts as slow until WeChat has told the time: asking too early costs one call.
  const doubt = skewOf(ports.credentials) === undefined ? MAX_SKEW_MS : 0
  return data.expires_at + EXPIRY_MARGIN_MS - RENEW_AHEAD_MS - doubt > now
}

/** Takes a dead holder's lease off a token that needs no renewal; whoever changes the row meanwhile has done it too. */
async function release({ table }: RenewPorts, { data: { lease: _, ...data }, version }: Row<TokenData>): Promise<void> {
  await table.put(tokenRow(data), version)
}

async function fetchUnderLease(
  ports: RenewPorts,
  row: Row<TokenData>,
  { appId, failedGeneration, force: wished = false, signal }: RenewRequest,
): Promise<RenewOutcome> {
  const { table, credentials, secrets, clock, log, metrics } = ports
  const { lease, failure: before, ...held } = row.data
  const sentAt = clock.now()
  const force = wished || (failedGeneration !== undefined && mustForce(held, serverNow(ports)))
  let next: TokenData
  try {
    const account = await readAccount(table, appId, signal)
    const credential = credentialOf(credentials, account.credential)
    const forced = force && credential.forceable
    const secret = () => secrets.open(account.sealed_secret, appId)
    const answer = await credential.issue({ appId, secret, force: forced }, signal)
    const skew = learnSkew(credentials, answer, { sentAt, receivedAt: clock.now() })
    if (skew !== 0) metrics.record('ClockSkew', Math.abs(skew), { app_id: appId })
    // Life is counted from the moment of asking: the round trip is WeChat's time, not ours.
    next = renewed(held, answer, { askedAt: sentAt + skew, parameter: credential.parameter, forced, failedGeneration })
  } catch (cause) {
    log.warn('token renewal failed', { app_id: appId, error: cause })
    metrics.record('TokenRenewalFailed', 1, { app_id: appId })
    next = { ...held, failure: failureOf(asAppError(cause), serverNow(ports), { id: lease?.id, before }) }
  }
  // Without the run's signal: the outcome is written down also when the time is up.
  const written = await table.put(tokenRow(next), row.version)
  if (written.ok && !next.failure) rememberToken(ports, written.row)
  else forgetToken(ports, appId)
  if (!written.ok) return 'busy'
  if (next.failure && isFault(next.failure)) metrics.record('AccountDegraded', 1, { app_id: appId })
  if (next.contested_at !== undefined && next.contested_at !== held.contested_at) {
    log.error('tokens are refused before their end: another system takes tokens for this account', { app_id: appId })
    metrics.record('TokenContested', 1, { app_id: appId })
  }
  return next.failure ? 'failed' : 'renewed'
}
