/** Turns WeChat's `errcode` into the service's error. */
import { AppError, type WeChatRefusal } from '../core/errors.ts'
import type { Endpoint } from './endpoints.ts'
import { classify } from './errcodes.ts'

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
  return new AppError(rule.code, message, ip ? { ip } : {}, { wechat, ...(pause ? { retryAfter: pause } : {}) })
}

/** True for a refusal that a new access_token may cure: the call was not executed (wechat-api.md §1.4). */
export function needsNewToken(endpoint: Endpoint, error: unknown): boolean {
  return (
    error instanceof AppError &&
    error.wechat !== undefined &&
    classify(endpoint, error.wechat.errcode).action === 'refresh-token'
  )
}

/** Seconds, at least 1, until daily quotas are new. */
export function secondsToBeijingMidnight(now: number): number {
  return Math.ceil((DAY_MS - ((now + BEIJING_OFFSET_MS) % DAY_MS)) / 1_000)
}
