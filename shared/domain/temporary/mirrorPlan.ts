/** When a copy is tried again, and when it is given up: more effort the nearer the end. */
import type { AppError } from '../../core/errors.ts'
import { failureOf } from '../failureOf.ts'
import { type TemporaryData, type TemporaryRow, temporaryRow } from './temporaryRow.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A copy that was begun so long ago has lost its function (serverless.yml: 120 s). */
const CLAIM_MS = 150_000
/** Operators are warned when a media has no copy so long before its end (reliability.md row 26). */
export const ALARM_MS = 24 * HOUR_MS
/** From here on a run does not wait for the next schedule. */
export const URGENT_MS = 12 * HOUR_MS
/** WeChat's own word (40007) ends a media; when it never comes, this does. */
const GIVE_UP_MS = 72 * HOUR_MS

const FIRST_PAUSE_MS = 5 * MINUTE_MS
const LONGEST_PAUSE_MS = HOUR_MS
/** With the spread below, tries of the last day are less than five minutes apart. */
const LAST_DAY_PAUSE_MS = 3 * MINUTE_MS
const URGENT_PAUSE_MS = MINUTE_MS
const OVERDUE_PAUSE_MS = 10 * MINUTE_MS
/** Spreads media that wait for the same moment by their deadline: one second of life is one millisecond. */
const SPREAD = 1000

type Draft = ReturnType<typeof temporaryRow>

/** A copy begins. Written before WeChat is asked, so that a media which kills its run is not taken up by all others. */
export const begun = (data: TemporaryData, now: number): Draft =>
  temporaryRow({ ...data, attempts: data.attempts + 1, try_at: now + CLAIM_MS })

/** WeChat has dropped it: never tried again. */
export function lost(data: TemporaryData, error: AppError): TemporaryData {
  const { try_at: _, ...rest } = data
  return { ...rest, state: 'LOST', error: failureOf(error) }
}

/** It is tried again later, or given up when WeChat has been silent for days after its end. */
export function afterFailure(data: TemporaryData, error: AppError, now: number): TemporaryData {
  if (now >= data.expires_at + GIVE_UP_MS) return lost(data, error)
  return { ...data, error: failureOf(error), try_at: nextTry(data, error, now) }
}

function nextTry({ expires_at, attempts }: TemporaryData, error: AppError, now: number): number {
  // Nobody can call WeChat for an account that was deleted.
  if (error.code === 'ACCOUNT_NOT_FOUND') return now + HOUR_MS
  const left = expires_at - now
  const patient = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1))
  return now + pauseFor(left, Math.max(patient, standing(error))) + Math.max(0, left) / SPREAD
}

/** In its last day no refusal is believed for long: an operator may have mended its cause. */
function pauseFor(left: number, patient: number): number {
  if (left <= 0) return OVERDUE_PAUSE_MS
  if (left <= URGENT_MS) return URGENT_PAUSE_MS
  return left <= ALARM_MS ? LAST_DAY_PAUSE_MS : patient
}

/** How long a refusal stands, ms. */
function standing({ code, retryAfter = 0 }: AppError): number {
  if (code === 'WECHAT_QUOTA') return retryAfter * 1000
  return code === 'ACCOUNT_MISCONFIGURED' || code === 'SECRET_UNREADABLE' ? HOUR_MS : 0
}

/** Whether the failure says something about WeChat or our stores as a whole, and nothing about this media. */
export const isOutage = ({ code }: AppError): boolean => OUTAGES.has(code)

const OUTAGES: ReadonlySet<AppError['code']> = new Set([
  'WECHAT_UNREACHABLE',
  'WECHAT_BUSY',
  'OUT_OF_TIME',
  'STORE_UNAVAILABLE',
])

/** Whether a copy is to be begun now. */
export const isDue = ({ data, due }: TemporaryRow, now: number): boolean =>
  data.state === 'PENDING' && (due?.at ?? Number.POSITIVE_INFINITY) <= now
