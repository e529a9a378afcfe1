/**
 * The `Quotas` port over the table: a call that WeChat refused for today, or that a fault of the account stops, is not
 * made again by any process. One per process: for a short time it remembers what it read.
 */
import type { AppError } from '../../core/errors.ts'
import { recordedError } from '../../core/remoteAnswer.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { FaultScope, Quotas, StandingRefusal } from '../../ports/quotas.ts'
import type { Row, RowKey, Table } from '../../ports/table.ts'
import {
  concerns,
  faultKey,
  listRefusals,
  parkKey,
  RefusalData,
  type RefusalRow,
  refusalRow,
  stands,
} from './refusalRow.ts'

/** Another process may park a call, and an operator may lift it; this one hears of it after so long, ms. */
export const LOOK_AGAIN_MS = 10_000
const DEFAULT_PARK_S = 60
/** Then a fault may be mended, and one caller tries (reliability.md row 44). */
const FAULT_MS = 3_600_000
/** How long all others wait for the one that tries. */
const TRIAL_MS = 60_000
/** Refused tokens heal sooner than an operator. */
const TOKEN_FAULT_MS = 300_000
/** A token that is refused for so long will not heal by itself. */
const TOKEN_PATIENCE_MS = 60_000
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

/** Quotas over `table`. A table that fails stops nothing: WeChat would refuse by itself. */
export function callQuotas({ table, clock, log, metrics }: QuotaPorts): Quotas {
  const read = new Map<string, { at: number; rows: Promise<RefusalRow[]> }>()
  const blamed = new Map<string, number>()
  /** Faults of an account that the next good call of this process ends. */
  const onTrial = new Map<string, RefusalRow>()

  const look = async (appId: string): Promise<RefusalRow[]> => {
    try {
      return await listRefusals(table, appId)
    } catch (error) {
      log.warn('it is not known whether calls are stopped', { app_id: appId, error })
      return []
    }
  }

  const rowsOf = (appId: string): Promise<RefusalRow[]> => {
    const before = read.get(appId)
    if (before && Math.abs(clock.now() - before.at) < LOOK_AGAIN_MS) return before.rows
    const rows = look(appId)
    read.set(appId, { at: clock.now(), rows })
    return rows
  }

  const write = async (key: RowKey, data: RefusalData): Promise<void> => {
    read.delete(data.app_id)
    try {
      let expected = 0
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const written = await table.put<unknown>(refusalRow(key, data), expected)
        if (written.ok) return
        expected = written.current?.version ?? 0
      }
    } catch (error) {
      log.warn('a refusal could not be remembered', { ...key, error })
      // What the table does not know, this process knows for a while.
      const rows = [{ ...refusalRow(key, data), version: 0 }]
      read.set(data.app_id, { at: clock.now(), rows: Promise.resolve(rows) })
    }
  }

  /** Lets one caller of all processes through; throws for all others. */
  const tryAgain = async (row: RefusalRow): Promise<void> => {
    const { app_id: appId } = row.data
    read.delete(appId)
    const trial = { ...row.data, until: clock.now() + TRIAL_MS }
    const claimed = await table.put<unknown>(refusalRow(row, trial), row.version).catch(() => undefined)
    if (claimed?.ok) onTrial.set(appId, parsed(claimed.row))
    else if (claimed?.current) throw standing(parsed(claimed.current).data, clock.now())
  }

  return {
    async check(appId, endpoint) {
      const rows = (await rowsOf(appId)).filter(row => concerns(row, endpoint) && stands(row.data, clock.now()))
      const stopping = rows.find(({ data }) => data.until > clock.now())
      if (stopping) throw standing(stopping.data, clock.now())
      const [over] = rows
      if (over) await tryAgain(over)
    },

    async park(appId, endpoint, refusal) {
      const at = clock.now()
      const data = recorded(refusal, { appId, endpoint, at, until: at + (refusal.retryAfter ?? DEFAULT_PARK_S) * 1000 })
      metrics.record('QuotaReached', 1, { app_id: appId, endpoint, errcode: refusal.wechat?.errcode })
      log.warn('a call is parked', { app_id: appId, endpoint, until: data.until, wechat: refusal.wechat })
      await write(parkKey(appId, endpoint), data)
    },

    async blame(appId, endpoint, refusal, scope) {
      const at = clock.now()
      const about = { app_id: appId, endpoint, errcode: refusal.wechat?.errcode }
      if (scope === 'token') metrics.record('TokenRefused', 1, about)
      const name = `${appId}/${scope === 'call' ? endpoint : ''}/${refusal.wechat?.errcode}`
      const isOld = at - (blamed.get(name) ?? Number.NEGATIVE_INFINITY) >= BLAME_PAUSE_MS
      if (!isOld && !onTrial.has(appId)) return
      blamed.set(name, at)
      onTrial.delete(appId)
      const fault = faultOf(scope, at, scope === 'token' ? await look(appId) : [])
      if (fault.stops) metrics.record('AccountDegraded', 1, about)
      const key = scope === 'call' ? parkKey(appId, endpoint) : faultKey(appId)
      await write(key, { ...recorded(refusal, { appId, endpoint, at, until: fault.until }), ...fault })
    },

    async succeeded(appId, endpoint) {
      const tried = onTrial.get(appId)
      // Any good call shows that tokens are taken, whoever met the refusal.
      const row = tried ?? (await read.get(appId)?.rows)?.find(({ data }) => data.since !== undefined)
      if (!row || (row.data.stops === 'call' && row.sk !== endpoint)) return
      onTrial.delete(appId)
      read.delete(appId)
      for (const name of blamed.keys()) if (name.startsWith(`${appId}/`)) blamed.delete(name)
      const mended = await table.remove(row, row.version).catch(() => false)
      if (mended) log.info('an account works again', { app_id: appId, endpoint })
    },
  }
}

const parsed = (row: Row<unknown>): RefusalRow => ({ ...row, data: RefusalData.parse(row.data) })

/** What a fault stops, and until when. A token that was refused stops calls only once it has been so for a minute. */
function faultOf(scope: FaultScope, at: number, before: RefusalRow[]): Pick<RefusalData, 'until' | 'stops' | 'since'> {
  if (scope === 'account' || scope === 'call') return { until: at + FAULT_MS, stops: scope }
  if (scope === 'health') return { until: at + FAULT_MS }
  const last = before.find(({ data }) => data.since !== undefined && at - data.at < 2 * TOKEN_FAULT_MS)
  const since = last?.data.since ?? at
  return { until: at + TOKEN_FAULT_MS, since, ...(at - since >= TOKEN_PATIENCE_MS && { stops: 'account' }) }
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
function standing(data: RefusalData, now: number): AppError {
  const { endpoint, until, stops } = data
  const retry_after = Math.max(1, (until - now) / 1000)
  if (stops !== undefined) return recordedError({ ...data, details: { ...data.details, endpoint }, retry_after })
  const details = { endpoint, parked_until: Math.ceil(until / 1000) }
  return recordedError({ ...data, code: 'WECHAT_QUOTA', details, retry_after })
}
