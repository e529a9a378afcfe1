/** Calls allowed by path, day and minute (wechat-api.md §5). */
import { Refusal } from './refusal.ts'
import type { AccountState, Usage } from './state.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const BEIJING_OFFSET_MS = 8 * 3_600_000

/** Calls that no official list names; 1000 is what practitioners report. */
const UNLISTED = 1_000

const PER_DAY: Record<string, number> = {
  '/cgi-bin/token': 2_000,
  '/cgi-bin/stable_token': 500_000,
  '/cgi-bin/media/upload': 100_000,
  '/cgi-bin/media/get': 200_000,
  '/cgi-bin/media/get/jssdk': 200_000,
  '/cgi-bin/media/uploadimg': UNLISTED,
  '/cgi-bin/material/add_material': UNLISTED,
  '/cgi-bin/material/get_material': 500,
  '/cgi-bin/material/del_material': UNLISTED,
  '/cgi-bin/material/get_materialcount': UNLISTED,
  '/cgi-bin/material/batchget_material': UNLISTED,
  '/cgi-bin/material/add_news': UNLISTED,
  '/cgi-bin/material/update_news': UNLISTED,
  '/cgi-bin/draft/add': 1_000,
  '/cgi-bin/draft/get': 500,
  '/cgi-bin/draft/update': 1_000,
  '/cgi-bin/draft/delete': 1_000,
  '/cgi-bin/draft/count': 1_000,
  '/cgi-bin/draft/batchget': 1_000,
  '/cgi-bin/openapi/quota/get': UNLISTED,
  '/cgi-bin/clear_quota': UNLISTED,
}

const TEST_ACCOUNT_PER_DAY: Record<string, number> = {
  '/cgi-bin/token': 200,
  '/cgi-bin/media/upload': 500,
  '/cgi-bin/media/get': 1_000,
  '/cgi-bin/material/add_material': 10,
  '/cgi-bin/material/batchget_material': 10,
  '/cgi-bin/material/get_materialcount': 50,
}

const PER_MINUTE: Record<string, number> = { '/cgi-bin/stable_token': 10_000 }

/** The number of the day in Beijing, where quotas begin anew at midnight. */
export const beijingDay = (time: number): number => Math.floor((time + BEIJING_OFFSET_MS) / DAY_MS)

/** Year and month in Beijing, such as `2026-11`. */
export const beijingMonth = (time: number): string => new Date(time + BEIJING_OFFSET_MS).toISOString().slice(0, 7)

/** Whether a path has a quota at all: every endpoint does. */
export const hasQuota = (path: string): boolean => Object.hasOwn(PER_DAY, path)

/** Calls a day of one path. */
export function dailyQuota({ settings }: AccountState, path: string): number {
  const ofKind = settings.kind === 'test' ? TEST_ACCOUNT_PER_DAY[path] : undefined
  return settings.quotas[path] ?? settings.quotas['*'] ?? ofKind ?? PER_DAY[path] ?? UNLISTED
}

/** Calls a minute of one path; `undefined` when there is no such limit. */
export function minuteQuota({ settings }: AccountState, path: string): number | undefined {
  return settings.minuteQuotas[path] ?? settings.minuteQuotas['*'] ?? PER_MINUTE[path]
}

/** What was used of a path's quotas at `now`. */
export function usageOf(account: AccountState, path: string, now: number): Usage {
  const day = beijingDay(now)
  const minute = Math.floor(now / MINUTE_MS)
  const before = account.usage.get(path)
  return {
    day,
    today: before?.day === day ? before.today : 0,
    minute,
    thisMinute: before?.minute === minute ? before.thisMinute : 0,
  }
}

/** Counts a call; throws `Refusal` 45009 or 45011, which are not counted. */
export function spendQuota(account: AccountState, path: string, now: number): void {
  const usage = usageOf(account, path, now)
  if (usage.today >= dailyQuota(account, path)) throw new Refusal(45009)
  const perMinute = minuteQuota(account, path)
  if (perMinute !== undefined && usage.thisMinute >= perMinute) throw new Refusal(45011)
  account.usage.set(path, { ...usage, today: usage.today + 1, thisMinute: usage.thisMinute + 1 })
}
