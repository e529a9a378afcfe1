/** How every function but the refresher comes by a token: from memory, else from the row, else by asking the refresher. */
import { AppError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Invoker } from '../../ports/invoker.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Table } from '../../ports/table.ts'
import type { AccessToken, Tokens } from '../../ports/tokens.ts'
import { LEASE_MS, readToken, standingFailure, usableToken } from './tokenRow.ts'

/** What the refresher is asked: the generation that WeChat refused, if any. */
export interface RefreshRequest {
  app_id: string
  failed_generation?: number
}

/** The refresher's operation id. */
export const REFRESHER = 'refreshToken'

const POLL_MS = 250
/** A renewal that another process began ends within its lease; a little more for the take-over. */
const WAIT_MS = LEASE_MS + 5_000
/** WeChat sometimes refuses a good token for a moment (wechat-api.md §1.3, 6). */
const SPURIOUS_PAUSE_MS = 2_000

/** `Tokens` over the token row. One per process: its memory is the cache, its flights the single flight. */
export function tokenReader(ports: { table: Table; invoker: Invoker; clock: Clock; random: Random; log: Log }): Tokens {
  const { table, invoker, clock, random, log } = ports
  const known = new Map<string, AccessToken>()
  const flights = new Map<string, Promise<AccessToken>>()

  const current = async (appId: string): Promise<AccessToken> => {
    const token = known.get(appId)
    return token && token.expiresAt > clock.now() ? token : obtain(appId, 0)
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
    let asked = false
    for (;;) {
      const row = await readToken(table, appId)
      const token = usableToken(row?.data, clock.now())
      if (token && token.generation > newerThan) {
        known.set(appId, token)
        return token
      }
      const failure = standingFailure(row?.data, clock.now())
      if (failure) throw failure
      if (clock.now() - started > WAIT_MS) {
        throw new AppError('WECHAT_UNREACHABLE', 'No access_token could be had in time.', { app_id: appId })
      }
      if (!asked) {
        asked = true
        await ask({ app_id: appId, ...(newerThan > 0 && { failed_generation: newerThan }) })
      } else {
        await clock.sleep(POLL_MS * (0.5 + random.fraction()))
        asked = (row?.data.lease?.until ?? 0) > clock.now()
      }
    }
  }

  /** A throttled or failing refresher is no end: another one may be at work, so the row is read on. */
  const ask = async (request: RefreshRequest): Promise<void> => {
    try {
      await invoker.call(REFRESHER, request)
    } catch (error) {
      log.warn('refresher could not be called', { app_id: request.app_id, error })
    }
  }

  return {
    current: (appId, signal) => untilAborted(current(appId), signal),
    async replace(appId, failed, signal) {
      if (known.get(appId)?.generation === failed.generation) known.delete(appId)
      const next = await untilAborted(obtain(appId, failed.generation), signal)
      if (next.value === failed.value) await clock.sleep(SPURIOUS_PAUSE_MS, signal)
      return next
    },
  }
}

/** A caller may leave early; the flight goes on for the others. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  signal.throwIfAborted()
  let leave: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (leave) signal.removeEventListener('abort', leave)
  }
}
