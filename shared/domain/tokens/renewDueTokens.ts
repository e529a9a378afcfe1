/** The scheduled half of token custody: renews every token that is due, a few at a time. */
import type { Call } from '../../core/operation.ts'
import { MAX_SKEW_MS, skewOf } from './clockSkew.ts'
import { type RenewPorts, renewToken, serverNow } from './renewToken.ts'
import { LEASE_MS, readToken, TOKEN_QUEUE } from './tokenRow.ts'
import { watchOver } from './watch.ts'

const BATCH = 100
const IN_FLIGHT = 20
/** Below this no renewal is begun: it stays due, and the next minute's run finds it. */
const MIN_REMAINING_MS = 5_000
const LOOK_MS = 1_000

/** Renews due tokens until none is left or the time is up; answers how many it renewed. */
export async function renewDueTokens(ports: RenewPorts, call: Call): Promise<number> {
  const { table, log, metrics } = ports
  let renewed = 0
  let oldest = 0
  /** Answers whether somebody may hold the lease. */
  const renew = async (appId: string, unchanged?: string): Promise<boolean> => {
    try {
      const why = unchanged === undefined ? {} : { unchanged }
      const outcome = await renewToken(ports, { appId, ...why, signal: call.signal })
      if (outcome === 'renewed') renewed++
      else oldest = Math.max(oldest, await ageOf(ports, appId, call.signal))
      // What is due and fresh is due for its lease.
      return outcome === 'busy' || outcome === 'fresh'
    } catch (error) {
      log.error('a token could not be renewed', { app_id: appId, error })
      return false
    }
  }

  const leased = new Set<string>()
  const seen = new Set<string>()
  while (call.remaining() > MIN_REMAINING_MS) {
    // A token that stays due (WeChat gave the same one again) must not hide those behind it.
    const due = await table.due(TOKEN_QUEUE, latestDue(ports), BATCH + seen.size, call.signal)
    const fresh = due.filter(({ pk }) => !seen.has(pk))
    if (fresh.length === 0) break
    for (const { pk } of fresh) seen.add(pk)
    const worker = async () => {
      for (let next = fresh.shift(); next && call.remaining() > MIN_REMAINING_MS; next = fresh.shift()) {
        const appId = next.pk.slice('TOKEN#'.length)
        if (await renew(appId)) leased.add(appId)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  }
  for await (const { appId, leaseId } of deadLeases(ports, leased, call)) await renew(appId, leaseId)
  metrics.record('TokenAge', oldest)
  return renewed
}

/** Seconds since the account's token was issued; 0 without one. */
async function ageOf({ table, clock }: RenewPorts, appId: string, signal: AbortSignal): Promise<number> {
  const row = await readToken(table, appId, signal)
  return row?.data.value ? (clock.now() - row.data.issued_at) / 1000 : 0
}

/** A clock that may be slow looks further ahead, until WeChat has told the time. */
const latestDue = (ports: RenewPorts): number =>
  serverNow(ports) + (skewOf(ports.credentials) === undefined ? MAX_SKEW_MS : 0)

/** Watches the leases that were met until their holders have ended or must be dead. */
async function* deadLeases(
  { table, clock }: RenewPorts,
  leased: Set<string>,
  call: Call,
): AsyncGenerator<{ appId: string; leaseId: string }> {
  const leases = watchOver(clock)
  while (leased.size > 0 && call.remaining() > MIN_REMAINING_MS) {
    for (const appId of [...leased]) {
      const leaseId = (await readToken(table, appId, call.signal))?.data.lease?.id
      const isDead = leaseId !== undefined && leases.since(`${appId}/${leaseId}`) >= LEASE_MS
      if (leaseId === undefined || isDead) leased.delete(appId)
      if (isDead) yield { appId, leaseId }
    }
    if (leased.size > 0) await clock.sleep(LOOK_MS, call.signal)
  }
}
