/**
 * The `Quotas` port over the table: a call that WeChat refused for today is not made again by any process. One per
 * process: it remembers what is parked, and for a short time what is not.
 */
import type { AppError } from '../../core/errors.ts'
import { recordedError } from '../../core/remoteAnswer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Quotas, StandingRefusal } from '../../ports/quotas.ts'
import type { RowKey, Table } from '../../ports/table.ts'
import { faultKey, findRefusal, parkKey, type RefusalData, refusalRow } from './refusalRow.ts'

/** Another process may park a call; this one hears of it after so long. */
const LOOK_AGAIN_MS = 10_000
/** An operator may lift it; this process hears of it after so long. */
const BELIEVE_MS = 60_000
const DEFAULT_PARK_S = 60
/** A fault that was not seen again for so long is thought to be mended (reliability.md row 44). */
const FAULT_MS = 3_600_000
/** A broken account must not write a row with each of its calls. */
const BLAME_PAUSE_MS = 60_000
const MAX_TRIES = 3

/** What it needs. */
export interface QuotaPorts {
  table: Table
  clock: Clock
  log: Log
  metrics: Metrics
}

/** Quotas over `table`. A table that fails parks nothing: WeChat would refuse by itself. */
export function callQuotas({ table, clock, log, metrics }: QuotaPorts): Quotas {
  const parked = new Map<string, { data: RefusalData; at: number }>()
  const looked = new Map<string, { at: number; found: Promise<RefusalData | undefined> }>()
  const blamed = new Map<string, number>()

  const look = async (key: RowKey): Promise<RefusalData | undefined> => {
    try {
      return (await findRefusal(table, key))?.data
    } catch (error) {
      log.warn('it is not known whether a call is parked', { ...key, error })
      return undefined
    }
  }

  const lookedUp = (name: string, key: RowKey) => {
    const before = looked.get(name)
    if (before && clock.now() - before.at < LOOK_AGAIN_MS) return before.found
    const found = look(key)
    looked.set(name, { at: clock.now(), found })
    return found
  }

  const write = async (key: RowKey, data: RefusalData): Promise<void> => {
    try {
      let expected = 0
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const written = await table.put<unknown>(refusalRow(key, data), expected)
        if (written.ok) return
        expected = written.current?.version ?? 0
      }
    } catch (error) {
      log.warn('a refusal could not be remembered', { ...key, error })
    }
  }

  return {
    async check(appId, endpoint) {
      const name = `${appId}/${endpoint}`
      const before = parked.get(name)
      if (before && before.data.until > clock.now() && clock.now() - before.at < BELIEVE_MS) {
        throw stillParked(before.data, clock.now())
      }
      parked.delete(name)
      const data = await lookedUp(name, parkKey(appId, endpoint))
      if (!data || data.until <= clock.now()) return
      parked.set(name, { data, at: clock.now() })
      throw stillParked(data, clock.now())
    },

    async park(appId, endpoint, refusal) {
      const at = clock.now()
      const data = recorded(refusal, { appId, endpoint, at, until: at + (refusal.retryAfter ?? DEFAULT_PARK_S) * 1000 })
      parked.set(`${appId}/${endpoint}`, { data, at })
      metrics.record('QuotaReached', 1, { app_id: appId, endpoint, errcode: refusal.wechat?.errcode })
      log.warn('a call is parked', { app_id: appId, endpoint, until: data.until, wechat: refusal.wechat })
      await write(parkKey(appId, endpoint), data)
    },

    async blame(appId, endpoint, refusal) {
      const at = clock.now()
      const name = `${appId}/${refusal.wechat?.errcode}`
      if (at - (blamed.get(name) ?? Number.NEGATIVE_INFINITY) < BLAME_PAUSE_MS) return
      blamed.set(name, at)
      await write(faultKey(appId), recorded(refusal, { appId, endpoint, at, until: at + FAULT_MS }))
    },
  }
}

interface Circumstances {
  appId: string
  endpoint: string
  at: number
  until: number
}

const recorded = (
  { code, message, details, wechat }: StandingRefusal,
  { appId, endpoint, at, until }: Circumstances,
): RefusalData => ({ app_id: appId, endpoint, at, until, code, message, details, ...(wechat && { wechat }) })

/** WeChat's own words, with the time that is left. */
function stillParked(data: RefusalData, now: number): AppError {
  const { endpoint, until } = data
  const details = { endpoint, parked_until: Math.ceil(until / 1000) }
  return recordedError({ ...data, code: 'WECHAT_QUOTA', details, retry_after: (until - now) / 1000 })
}
