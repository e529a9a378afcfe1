import { describe, expect, it } from 'vitest'
import { AppError, type ErrorCode } from '../../../shared/core/errors.ts'
import { afterFailure, isOutage, lost } from '../../../shared/domain/temporary/mirrorPlan.ts'
import { LIFE_MS, type TemporaryData, temporaryRow } from '../../../shared/domain/temporary/temporaryRow.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 10, 23, 4)
/** A media that has so many hours left, after so many tries. */
const media = (hoursLeft: number, attempts = 1): TemporaryData => ({
  ...{ app_id: 'wx0123456789abcdef', media_id: 'm', source: 'fan', state: 'PENDING', age_known: true, attempts },
  created_at: NOW + hoursLeft * HOUR_MS - LIFE_MS,
  expires_at: NOW + hoursLeft * HOUR_MS,
})
const pause = (data: TemporaryData, code: ErrorCode, retryAfter?: number): number => {
  const error = new AppError(code, 'no', {}, retryAfter === undefined ? {} : { retryAfter })
  return ((afterFailure(data, error, NOW).try_at ?? 0) - NOW) / 60_000
}

describe('the pause after a failure', () => {
  it('grows with the tries while there is time, up to an hour', () => {
    const pauses = [1, 2, 3, 4, 5, 9].map(attempts => pause(media(60, attempts), 'WECHAT_UNREACHABLE'))
    expect(pauses.map(Math.floor)).toEqual([8, 13, 23, 43, 63, 63])
  })

  it.each<[number, number]>([
    [24, 5],
    [13, 5],
    [12, 2],
    [1, 2],
  ])('is short with %i hours left: under %i minutes, whatever the refusal says', (hours, minutes) => {
    for (const code of ['WECHAT_UNREACHABLE', 'ACCOUNT_MISCONFIGURED', 'WECHAT_BAD_ANSWER'] as const) {
      expect(pause(media(hours, 9), code)).toBeLessThan(minutes)
    }
    expect(pause(media(hours, 9), 'WECHAT_QUOTA', 80_000)).toBeLessThan(minutes)
  })

  it('is as long as a quota stands while there is time', () => {
    expect(Math.floor(pause(media(60), 'WECHAT_QUOTA', 7200))).toBe(120 + 3)
  })

  it('keeps the order of deadlines among media that wait for the same moment', () => {
    const pauses = [30, 40, 50, 60].map(hours => pause(media(hours), 'WECHAT_QUOTA', 7200))
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(new Set(pauses).size).toBe(4)
  })
})

describe('a media is given up', () => {
  it('by WeChat’s word at once, and for a silent WeChat three days after its end', () => {
    expect(lost(media(1), new AppError('MEDIA_NOT_FOUND', 'gone')).state).toBe('LOST')
    const silence = new AppError('WECHAT_UNREACHABLE', 'down')
    expect(afterFailure(media(-71), silence, NOW).state).toBe('PENDING')
    expect(afterFailure(media(-72), silence, NOW).state).toBe('LOST')
  })

  it('without a due time, and its row is collected later', () => {
    const row = temporaryRow(lost(media(1), new AppError('MEDIA_NOT_FOUND', 'gone')))
    expect(row.due).toBeUndefined()
    expect(row.ttl).toBeGreaterThan(NOW / 1000)
  })
})

it('tells failures of all from failures of one', () => {
  const outage = (code: ErrorCode) => isOutage(new AppError(code, 'no'))
  expect((['WECHAT_UNREACHABLE', 'WECHAT_BUSY', 'STORE_UNAVAILABLE', 'OUT_OF_TIME'] as const).every(outage)).toBe(true)
  expect((['MEDIA_NOT_FOUND', 'WECHAT_QUOTA', 'WECHAT_BAD_ANSWER'] as const).some(outage)).toBe(false)
})
