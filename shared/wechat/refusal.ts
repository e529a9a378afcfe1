/** Turns WeChat's `errcode` into the service's error. */
import { AppError, type WeChatRefusal } from '../core/errors.ts'
import type { Endpoint } from './endpoints.ts'
import { classify, type ErrcodeRule, QUICK_PAUSE_SECONDS } from './errcodes.ts'

const DAY_MS = 86_400_000
const BEIJING_OFFSET_MS = 8 * 3_600_000
const MAX_ERRMSG_CHARS = 500
const RID = /\brid: ?([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})/i
const REFUSED_IP = /invalid ip (\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]+)/i

/** What WeChat said, where and when. */
export interface Refused {
  endpoint: Endpoint
  errcode: number
  errmsg: string
  /** ms since the epoch; quota pauses count from here */
  now: number
}

/**
 * The error for a refusal: code, sentence and pause from the table in errcodes.ts, `wechat` with the `rid` out of the
 * tail of errmsg. For 40164 the message and `details.ip` name the address that WeChat saw (wechat-api.md §1.1).
 */
export function refusal({ endpoint, errcode, errmsg, now }: Refused): AppError {
  const rule = classify(endpoint, errcode)
  const rid = RID.exec(errmsg)?.[1]
  const ip = errcode === 40164 ? REFUSED_IP.exec(errmsg)?.[1] : undefined
  const wechat: WeChatRefusal = { errcode, errmsg: errmsg.slice(0, MAX_ERRMSG_CHARS) }
  if (rid) wechat.rid = rid
  const message = `WeChat refused ${endpoint} (${errcode}): ${rule.remedy}${ip ? ` The address is ${ip}.` : ''}`
  const pause = rule.pause === 'beijing-midnight' ? secondsToBeijingMidnight(now) : rule.pause
  const isUnknown = rule.action === 'unknown'
  const details = {
    ...(isUnknown && { unknown_errcode: true }),
    ...(rule.action === 'misconfigured' && { remedy: rule.remedy }),
    ...(ip && { ip }),
  }
  return new AppError(rule.code, message, details, { wechat, ...(pause ? { retryAfter: pause } : {}) })
}

/** The table's rule for an error that is a refusal of WeChat, `undefined` for any other one. */
export function ruleOf(endpoint: Endpoint, error: unknown): ErrcodeRule | undefined {
  return error instanceof AppError && error.wechat ? classify(endpoint, error.wechat.errcode) : undefined
}

/** True for a refusal that a new access_token may cure: the call was not executed (wechat-api.md §1.4). */
export const needsNewToken = (endpoint: Endpoint, error: unknown): boolean =>
  ruleOf(endpoint, error)?.action === 'refresh-token'

/**
 * True when the same call may be made again at once: WeChat refused it for being busy, or surely did not get it, or it
 * is a read that met a fault. What may have been accepted is never among these.
 */
export function mayRepeat(endpoint: Endpoint, error: unknown): boolean {
  if (!(error instanceof AppError)) return false
  const rule = ruleOf(endpoint, error)
  if (rule) return rule.action === 'retry' && Number(rule.pause) <= QUICK_PAUSE_SECONDS
  // A write that met a fault is unclear, never busy: see judge.ts.
  return error.code === 'WECHAT_UNREACHABLE' || error.code === 'WECHAT_BUSY'
}

/** Seconds, at least 1, until daily quotas are new. */
export function secondsToBeijingMidnight(now: number): number {
  return Math.ceil((DAY_MS - ((now + BEIJING_OFFSET_MS) % DAY_MS)) / 1_000)
}
