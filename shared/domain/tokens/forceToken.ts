/** An operator's wish for a new token, within what WeChat allows. */
import type * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { TokenFacts } from '../../core/schemas/calls.ts'
import { FORCED_A_DAY, forcedLately } from './renewal.ts'
import { type RenewPorts, renewToken, serverNow } from './renewToken.ts'
import { LEASE_MS, readToken, standingFailure, type TokenData } from './tokenRow.ts'
import { watchOver } from './watch.ts'

/** WeChat ignores a forced refresh sooner than this after the last one (wechat-api.md §1.2). */
const FORCED_APART_MS = 30_000
const DAY_MS = 24 * 3_600_000

/** Between two looks at another one's renewal. */
const LOOK_AGAIN_MS = 500
/** With less left of the run no token is asked for. */
const MIN_REMAINING_MS = 5_000

/**
 * Forces a new token, whatever the present one is worth. Another one's renewal is waited for; when its holder is dead, that
 * shows after 15 s. One that was forced meanwhile is the answer. Throws `WECHAT_QUOTA` when the last one was forced less
 * than 30 s ago or twenty in a day, `OUT_OF_TIME` when others renew until the end of the run, else what WeChat refuses
 * with.
 */
export async function forceToken(
  ports: RenewPorts,
  appId: string,
  { signal, remaining }: Pick<Call, 'signal' | 'remaining'>,
): Promise<z.infer<typeof TokenFacts>> {
  const { table, clock } = ports
  const before = await readToken(table, appId, signal)
  if (before) refuseTooOften(before.data, serverNow(ports))
  const leases = watchOver(clock)
  let unchanged: string | undefined
  const facts = ({ issued_at, expires_at, value }: TokenData) => ({
    issued_at,
    expires_at,
    changed: value !== before?.data.value,
  })
  while (remaining() > MIN_REMAINING_MS) {
    const outcome = await renewToken(ports, { appId, force: true, ...(unchanged && { unchanged }), signal })
    const after = await readToken(table, appId, signal)
    if (after && outcome !== 'busy') {
      const failure = standingFailure(after.data, serverNow(ports))
      if (outcome === 'failed' && failure) throw failure
      return facts(after.data)
    }
    const lease = after?.data.lease
    if (lease && leases.since(lease.id) >= LEASE_MS) unchanged = lease.id
    await clock.sleep(LOOK_AGAIN_MS, signal)
    const now = await readToken(table, appId, signal)
    if (now && now.data.forced_at !== before?.data.forced_at) return facts(now.data)
  }
  throw new AppError('OUT_OF_TIME', 'Other renewals run all the time; try again.', {}, { retryAfter: LEASE_MS / 1000 })
}

function refuseTooOften(data: TokenData, now: number): void {
  const times = forcedLately(data, now)
  const [first = now] = times
  const wait = Math.max(
    (data.forced_at ?? Number.NEGATIVE_INFINITY) + FORCED_APART_MS - now,
    times.length >= FORCED_A_DAY ? first + DAY_MS - now : 0,
  )
  if (wait <= 0) return
  throw new AppError(
    'WECHAT_QUOTA',
    `WeChat takes a forced refresh every 30 seconds, ${FORCED_A_DAY} times a day.`,
    { forced_today: times.length },
    { retryAfter: wait / 1000 },
  )
}
