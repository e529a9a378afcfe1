/** How every function but the refresher comes by a token: from memory, else from the row, else by asking the refresher. */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Invoker } from '../../ports/invoker.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Row, Table } from '../../ports/table.ts'
import type { AccessToken, Tokens } from '../../ports/tokens.ts'
import {
  failureId,
  LEASE_MS,
  leaseStands,
  readToken,
  standingFailure,
  type TokenData,
  usableToken,
} from './tokenRow.ts'
import { untilAborted } from './untilAborted.ts'
import { watchOver } from './watch.ts'

/** What the refresher is asked: the generation that WeChat refused, if any, and what was watched in vain. */
export interface RefreshRequest {
  app_id: string
  failed_generation?: number
  unchanged?: string
  seen?: number
}

/** The refresher's operation id. */
export const REFRESHER = 'refreshToken'

const POLL_MS = 250
/** A renewal that another process began ends within its lease; a little more for the take-over. */
const WAIT_MS = LEASE_MS + 5_000
/** WeChat sometimes refuses a good token for a moment (wechat-api.md §1.3, 6). */
const SPURIOUS_PAUSE_MS = 2_000
/** Then the row is read again: whatever clocks say, a renewal is heard of long before the old token ends (wechat-api.md §1.4). */
const REMEMBER_MS = 60_000

/** `fresh` and `renewed` are the refresher's word that the row holds a good token, worth more than our own clock. */
const Answer = z.object({ outcome: z.enum(['fresh', 'renewed', 'busy', 'failed']) })

interface Known {
  token: AccessToken
  /** ms of our clock */
  at: number
}

/** `Tokens` over the token row. One per process: its memory is the cache, its flights the single flight. */
export function tokenReader(ports: { table: Table; invoker: Invoker; clock: Clock; random: Random; log: Log }): Tokens {
  const { table, invoker, clock, random, log } = ports
  const known = new Map<string, Known>()
  const flights = new Map<string, Promise<AccessToken>>()
  const failures = watchOver(clock)

  const current = async (appId: string): Promise<AccessToken> => {
    const held = known.get(appId)
    if (held && Math.abs(clock.now() - held.at) < REMEMBER_MS) return held.token
    try {
      return await obtain(appId, 0)
    } catch (error) {
      // A table that fails for a while takes no good token away.
      const isTable = error instanceof AppError && error.code === 'STORE_UNAVAILABLE'
      if (isTable && held && held.token.expiresAt > clock.now()) return held.token
      throw error
    }
  }

  /** One flight per account and least generation: whoever comes later waits for the same answer. */
  const obtain = (appId: string, newerThan: number): Promise<AccessToken> => {
    const name = `${appId}#${newerThan}`
    const flying = flights.get(name)
    if (flying) return flying
    const flight = fetchToken(appId, newerThan).finally(() => flights.delete(name))
    flights.set(name, flight)
    return flight
  }

  const fetchToken = async (appId: string, newerThan: number): Promise<AccessToken> => {
    const started = clock.now()
    const leases = watchOver(clock)
    const pause = () => clock.sleep(POLL_MS * (0.5 + random.fraction()))
    let isVouched = false
    // Until the refresher's word for a newer row proves wrong.
    let takesHints = true
    for (let mustRest = false; ; ) {
      const row = await readToken(table, appId)
      const token = usableToken(row?.data, isVouched ? Number.NEGATIVE_INFINITY : clock.now())
      if (token && token.generation > newerThan) return remembered(appId, token)
      const failure = standing(appId, row)
      if (failure) throw failure
      if (clock.now() - started > WAIT_MS) {
        throw new AppError('WECHAT_UNREACHABLE', 'No access_token could be had in time.', { app_id: appId })
      }
      const lease = row?.data.lease
      const isDead = lease !== undefined && leases.since(lease.id) >= LEASE_MS
      // While somebody is at work there is nothing to ask for.
      if (mustRest || (!isDead && leaseStands(lease, clock.now(), undefined))) {
        mustRest = false
        await pause()
        continue
      }
      const unchanged = isDead ? lease.id : row?.data.failure && failureId(row.data.failure)
      const outcome = await ask({
        app_id: appId,
        ...(newerThan > 0 && { failed_generation: newerThan }),
        ...(unchanged !== undefined && { unchanged }),
        ...(takesHints && { seen: row?.version ?? 0 }),
      })
      isVouched = outcome === 'fresh' || outcome === 'renewed'
      if (isVouched) takesHints = false
      mustRest = isVouched || outcome === 'failed'
      if (!mustRest) await pause()
    }
  }

  const remembered = (appId: string, token: AccessToken): AccessToken => {
    // A clock that runs ahead would call a token ended that the refresher vouches for.
    known.set(appId, { token, at: clock.now() })
    return token
  }

  /** The failure that still stands: by the time in the row, and by our own watch over it, for clocks differ. */
  const standing = (appId: string, row: Row<TokenData> | undefined): AppError | undefined => {
    const failure = row?.data.failure
    if (!failure) return undefined
    const left = failures.since(`${appId}/${failureId(failure)}`) < failure.retry_at - failure.at
    return left ? standingFailure(row.data, clock.now()) : undefined
  }

  /** A throttled or failing refresher is no end: another one may be at work, so the row is read on. */
  const ask = async (request: RefreshRequest): Promise<z.infer<typeof Answer>['outcome'] | undefined> => {
    try {
      return Answer.safeParse(await invoker.call(REFRESHER, request)).data?.outcome
    } catch (error) {
      log.warn('refresher could not be called', { app_id: request.app_id, error })
      return undefined
    }
  }

  return {
    current: (appId, signal) => untilAborted(current(appId), signal),
    async replace(appId, failed, signal) {
      if (known.get(appId)?.token.generation === failed.generation) known.delete(appId)
      const next = await untilAborted(obtain(appId, failed.generation), signal)
      if (next.value === failed.value) await clock.sleep(SPURIOUS_PAUSE_MS, signal)
      return next
    },
  }
}
