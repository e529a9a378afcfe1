/** An operator's wish for a new token, within what WeChat allows. */
import type * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import type { TokenFacts } from '../../core/schemas/calls.ts'
import { FORCED_A_DAY, forcedLately } from './renewal.ts'
import { type RenewPorts, renewToken, serverNow } from './renewToken.ts'
import { readToken, standingFailure, type TokenData } from './tokenRow.ts'

/** WeChat ignores a forced refresh sooner than this after the last one (wechat-api.md §1.2). */
const FORCED_APART_MS = 30_000
const DAY_MS = 24 * 3_600_000

/**
 * Forces a new token, whatever the present one is worth. Throws `WECHAT_QUOTA` when the last one was forced less than
 * 30 s ago or twenty in a day, `WRITE_CONFLICT` while another renewal runs, else what WeChat refuses with.
 */
export async function forceToken(
  ports: RenewPorts,
  { appId, signal }: { appId: string; signal: AbortSignal },
): Promise<z.infer<typeof TokenFacts>> {
  const { table } = ports
  const before = await readToken(table, appId, signal)
  if (before) refuseTooOften(before.data, serverNow(ports))
  const outcome = await renewToken(ports, { appId, force: true, signal })
  const after = await readToken(table, appId, signal)
  if (!after || outcome === 'busy') throw new AppError('WRITE_CONFLICT', 'Another renewal is running; try again.')
  const failure = standingFailure(after.data, serverNow(ports))
  if (outcome === 'failed' && failure) throw failure
  const { issued_at, expires_at, value } = after.data
  return { issued_at, expires_at, changed: value !== before?.data.value }
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
