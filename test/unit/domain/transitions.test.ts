import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError, ERROR_RULES, type ErrorCode } from '../../../shared/core/errors.ts'
import {
  afterFailure,
  expired,
  MAX_ATTEMPTS,
  missed,
  parked,
  rejected,
  retried,
  sending,
  stored,
  unknown,
  unread,
  uploaded,
  verdict,
  WATCH_AFTER_MS,
} from '../../../shared/domain/uploads/transitions.ts'
import { FINAL_STATES, parseObjectKey, UploadData } from '../../../shared/domain/uploads/uploadRow.ts'
import type { RowDraft } from '../../../shared/ports/table.ts'

const NOW = Date.UTC(2026, 10, 23, 4)
const CODES = Object.keys(ERROR_RULES).filter((code): code is ErrorCode => code in ERROR_RULES)
const DATA: UploadData = {
  upload_id: '01kb0000000abcdefghjkmnpqr',
  app_id: 'wx0123456789abcdef',
  state: 'CREATED',
  type: 'image',
  permanent: true,
  filename: '日落.jpg',
  content_type: 'image/jpeg',
  size: 300,
  object_key: 'in/wx0123456789abcdef/01kb0000000abcdefghjkmnpqr.jpg',
  attempts: 0,
  misses: 0,
  created_at: NOW,
  updated_at: NOW,
  expires_at: NOW + 900_000,
}
const claimed = sending(DATA, { id: 'claim', etag: 'e1' }, NOW).data
const error = (code: ErrorCode, retryAfter?: number) =>
  new AppError(code, 'why', {}, retryAfter === undefined ? {} : { retryAfter })

describe('any chain of events', () => {
  const steps = fc.constantFrom<(data: UploadData, now: number) => RowDraft<UploadData>>(
    (data, now) => uploaded(data, 'etag', now),
    (data, now) => sending(data, { id: 'c', etag: 'etag' }, now),
    (data, now) => stored(data, { media_id: 'm', url: '' }, now),
    (data, now) => rejected(data, error('WECHAT_REFUSED'), now),
    expired,
    (data, now) => unknown(data, undefined, now),
    (data, now) => parked(data, error('WECHAT_QUOTA'), { now, until: now + 1 }),
    (data, now) => missed(unknown(data, undefined, now).data, now),
    retried,
    ...CODES.map(
      code => (data: UploadData, now: number) =>
        afterFailure(sending(data, { id: 'c' }, now).data, error(code, 7), now),
    ),
  )

  it('leaves rows that can be read, and due exactly while something is to be done', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 12 }), chain => {
        let data = DATA
        let now = NOW
        for (const step of chain) {
          now += 1_000
          const row = step(data, now)
          expect(UploadData.parse(JSON.parse(JSON.stringify(row.data)))).toEqual(row.data)
          expect([row.data.state, row.due === undefined]).toEqual([row.data.state, FINAL_STATES.has(row.data.state)])
          expect(row.ttl !== undefined).toBe(FINAL_STATES.has(row.data.state))
          expect(row.data.upload_id).toBe(DATA.upload_id)
          expect(row.data.attempts).toBeGreaterThanOrEqual(0)
          data = row.data
        }
      }),
      { numRuns: 1_000, seed: 20261123 },
    )
  })
})

describe('a sending', () => {
  it('counts, pins the bytes, forgets the last error and is watched after 30 seconds', () => {
    const before = parked(DATA, error('WECHAT_BUSY'), { now: NOW, until: NOW }).data
    const { data, due } = sending(before, { id: 'x', etag: 'e2' }, NOW + 5)
    expect(data).toMatchObject({
      state: 'SENDING',
      attempts: 1,
      misses: 0,
      etag: 'e2',
      claim: { id: 'x', started_at: NOW + 5 },
    })
    expect([data.error, data.parked_until]).toEqual([undefined, undefined])
    expect(due?.at).toBe(NOW + 5 + WATCH_AFTER_MS)
  })
})

describe('what a failure says about WeChat’s library', () => {
  it.each([
    ['WECHAT_REFUSED', 'refused'],
    ['LIBRARY_FULL', 'refused'],
    ['FILE_CONTENT_MISMATCH', 'refused'],
    ['OBJECT_CHANGED', 'refused'],
    ['WECHAT_QUOTA', 'later'],
    ['ACCOUNT_MISCONFIGURED', 'later'],
    ['WECHAT_UNREACHABLE', 'later'],
    ['STORE_UNAVAILABLE', 'later'],
    ['OUT_OF_TIME', 'later'],
    ['WECHAT_BUSY', 'later'],
    ['WECHAT_BAD_ANSWER', 'later'],
    ['WECHAT_UNCLEAR', 'unclear'],
    ['INTERNAL', 'unclear'],
  ] as const)('%s: %s', (code, said) => {
    expect(verdict(error(code))).toBe(said)
  })

  it('is unclear for every code that nobody thought of, never a reason to send again', () => {
    const known = CODES.filter(code => verdict(error(code)) !== 'unclear')
    expect(known).toHaveLength(18)
    for (const code of CODES.filter(other => !known.includes(other))) {
      expect([code, afterFailure(claimed, error(code), NOW).data.state]).toEqual([code, 'UNKNOWN'])
    }
  })
})

describe('where a failed sending leads', () => {
  it.each([
    ['WECHAT_REFUSED', undefined, 'REJECTED', undefined, 1],
    ['ACCOUNT_MISCONFIGURED', undefined, 'PARKED', 3_600_000, 0],
    ['WECHAT_BUSY', undefined, 'PARKED', 30_000, 1],
    ['WECHAT_UNREACHABLE', undefined, 'PARKED', 60_000, 0],
    ['STORE_UNAVAILABLE', undefined, 'PARKED', 60_000, 0],
    ['WECHAT_UNCLEAR', undefined, 'UNKNOWN', 10_000, 1],
  ] as const)('%s (retry after %s) → %s', (code, retryAfter, state, pause, attempts) => {
    const { data, due } = afterFailure(claimed, error(code, retryAfter), NOW)
    expect([data.state, due && due.at - NOW, data.attempts]).toEqual([state, pause, attempts])
    expect(data.error).toMatchObject({ code, message: 'why' })
  })

  it.each([
    [3_600, 3_600_000],
    [undefined, 60_000],
  ])('a quota (retry after %s) parks it, and not all of them wake in the same second', (retryAfter, pause) => {
    const ids = ['00', 'zz', 'b5', 'k0'].map(end => DATA.upload_id.slice(0, -2) + end)
    const wakes = ids.map(upload_id => {
      const { data, due } = afterFailure({ ...claimed, upload_id }, error('WECHAT_QUOTA', retryAfter), NOW)
      expect([data.state, data.attempts]).toEqual(['PARKED', 0])
      return (due?.at ?? 0) - NOW
    })
    expect(Math.min(...wakes)).toBe(pause)
    expect(Math.max(...wakes)).toBeLessThan(pause + 60_000)
    expect(new Set(wakes).size).toBe(ids.length)
  })

  it('"busy" is looked up once before the next sending, also after the last one', () => {
    const busy = afterFailure({ ...claimed, attempts: MAX_ATTEMPTS }, error('WECHAT_BUSY'), NOW).data
    expect(busy).toMatchObject({ state: 'PARKED', unsure: true, claim: claimed.claim })
    expect(missed(busy, NOW).data).toMatchObject({ state: 'UPLOADED', misses: 1 })
    expect(missed(busy, NOW).data.unsure).toBeUndefined()
  })

  it('what broke before the sending is counted, unless the store was away', () => {
    expect(unread(DATA, error('INTERNAL'), NOW).data).toMatchObject({ state: 'PARKED', attempts: 1 })
    expect(unread({ ...DATA, attempts: 4 }, error('INTERNAL'), NOW).data).toMatchObject({ state: 'REJECTED' })
    expect(unread({ ...DATA, attempts: 4 }, error('STORE_UNAVAILABLE'), NOW).data).toMatchObject({ state: 'PARKED' })
  })

  it('pauses longer each time, and ends after five sendings', () => {
    const pauses = [1, 2, 3, 4].map(attempts => {
      const { due } = afterFailure({ ...claimed, attempts }, error('WECHAT_BUSY'), NOW)
      return ((due?.at ?? 0) - NOW) / 1_000
    })
    expect(pauses).toEqual([30, 60, 120, 240])
    const temporary = { ...claimed, permanent: false, attempts: MAX_ATTEMPTS }
    expect(afterFailure(temporary, error('WECHAT_BUSY'), NOW).data.state).toBe('REJECTED')
  })

  it('keeps the claim of an unclear one, so that a late answer is still known as its own', () => {
    expect(unknown(claimed, error('WECHAT_UNCLEAR'), NOW).data.claim).toEqual(claimed.claim)
    expect(missed(missed(claimed, NOW).data, NOW).data.claim).toBeUndefined()
  })
})

describe('a retry', () => {
  it('starts anew but keeps the pinned bytes', () => {
    const { data } = retried({ ...claimed, state: 'REJECTED', attempts: 5, etag: 'e1' }, NOW)
    expect(data).toMatchObject({ state: 'UPLOADED', attempts: 0, misses: 0, etag: 'e1' })
  })

  it('of an unclear one only looks sooner', () => {
    const { data, due } = retried({ ...claimed, state: 'UNKNOWN', misses: 1 }, NOW)
    expect([data.state, data.misses, due?.at]).toEqual(['UNKNOWN', 0, NOW])
  })
})

describe('an object key', () => {
  it.each([
    ['in/wx0123456789abcdef/01kb0000000abcdefghjkmnpqr.jpg', true],
    ['in/wx0123456789abcdef/01kb0000000abcdefghjkmnpqr', false],
    ['in/wx0123456789abcdef/x/01kb0000000abcdefghjkmnpqr.jpg', false],
    ['store/wx0123456789abcdef/01kb0000000abcdefghjkmnpqr.jpg', false],
    ['in/wx0123456789abcdef/01kb0000000abcdefghjkmnpqr.jpg\n', false],
    ['in/WX0123456789abcdef/01kb0000000abcdefghjkmnpqr.jpg', false],
    ['', false],
  ])('%j names an upload: %s', (key, names) => {
    expect(parseObjectKey(key) !== undefined).toBe(names)
  })
})
