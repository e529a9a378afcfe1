import { describe, expect, it } from 'vitest'
import { ERROR_RULES } from '../../../shared/core/errors.ts'
import { type Action, classify, ERRCODES } from '../../../shared/wechat/errcodes.ts'
import { needsNewToken, refusal, secondsToBeijingMidnight } from '../../../shared/wechat/refusal.ts'
import { NOW } from './fakes.ts'

/** wechat-api.md part (a), by action. */
const DOCUMENTED: Record<Exclude<Action, 'unknown'>, number[]> = {
  'refresh-token': [40001, 40014, 42001, -604001, -604100, -604104],
  retry: [-1, 42006, 45061, 45066, 53501, 61005, 61006, 61450, 268487001, 268487002, -604102, -604103],
  park: [45009, 45011, 45028, 45040, 48006],
  gone: [40007, 46001],
  misconfigured: [
    40013, 40091, 40125, 40164, 40243, 42007, 45034, 45035, 45074, 48001, 48003, 48004, 48008, 50001, 50002, 50004,
    50007, 53404, 53405, 53406, 53500, 53503, 53504, 53505, 61003, 61004, 61007, 61009, 61010, 61023, 89503, 89506,
    89507, -604101,
  ],
  reject: [
    40002, 40003, 40004, 40005, 40006, 40008, 40009, 40010, 40011, 40012, 40033, 40035, 40038, 40048, 40059, 40060,
    40066, 40097, 40113, 40114, 40118, 40121, 40128, 40137, 40141, 40155, 40160, 40161, 40192, 40229, 41001, 41002,
    41004, 41005, 41006, 41018, 41021, 41039, 43001, 43002, 43003, 44001, 44002, 44003, 44004, 45001, 45002, 45003,
    45004, 45005, 45006, 45007, 45008, 45060, 45062, 45063, 45064, 45065, 45067, 45103, 45106, 45110, 45157, 45166,
    47001, 47003, 48002, 48005, 48010, 48021, 48022, 49001, 53402, 53502, 53600, 61011, 61014, 61015, 61024, 61451,
    63001, 76001, 76002, 76003, 76004, 76021, 76022, 88000, 88001,
  ],
}

describe('ERRCODES', () => {
  it('holds every documented errcode under its action, and no other', () => {
    const byAction = Object.entries(ERRCODES).map(([errcode, rule]) => `${errcode} ${rule.action}`)
    const documented = Object.entries(DOCUMENTED).flatMap(([action, codes]) => codes.map(code => `${code} ${action}`))
    expect(byAction.sort()).toEqual(documented.sort())
  })

  it('gives each action only codes that a caller treats the same way', () => {
    for (const [errcode, { action, code, remedy }] of Object.entries(ERRCODES)) {
      const { status, retryable } = ERROR_RULES[code]
      expect(remedy, errcode).toMatch(/[.?]$/)
      if (action === 'retry') expect(code, errcode).toBe('WECHAT_BUSY')
      if (action === 'park') expect(code, errcode).toBe('WECHAT_QUOTA')
      if (action === 'gone') expect(code, errcode).toBe('MEDIA_NOT_FOUND')
      if (action === 'reject' || action === 'misconfigured')
        expect([retryable, status < 500], errcode).toEqual([false, true])
    }
  })

  it.each([
    [40005, 415],
    [40113, 415],
    [40009, 413],
    [45001, 413],
    [40007, 404],
    [40004, 422],
    [45009, 429],
    [45011, 429],
    [40013, 424],
    [40125, 424],
    [40164, 424],
    [48001, 424],
    [50002, 424],
    [-1, 503],
    [45034, 409],
    [44001, 400],
  ])('answers errcode %i with HTTP %i', (errcode, status) => {
    expect(refusal({ endpoint: 'material/batchget_material', errcode, errmsg: '', now: NOW }).status).toBe(status)
  })

  it('gives an errcode it does not know to the operator, without a retry', () => {
    expect(classify('draft/add', 99_999)).toMatchObject({ action: 'unknown', code: 'WECHAT_REFUSED' })
  })

  it('reads 40001 of a token call as a wrong secret and of any other call as a stale token', () => {
    expect(classify('stable_token', 40001).action).toBe('misconfigured')
    expect(classify('token', 40001).action).toBe('misconfigured')
    expect(classify('media/get', 40001).action).toBe('refresh-token')
  })

  it('blames the cover for 40007 of draft/add and the draft for 40007 of draft/get', () => {
    expect(classify('draft/add', 40007)).toMatchObject({ action: 'reject', code: 'WECHAT_REFUSED' })
    expect(classify('draft/get', 40007)).toMatchObject({ action: 'gone', code: 'MEDIA_NOT_FOUND' })
  })
})

describe('refusal', () => {
  it.each([
    ['invalid media_id hint: [hrGq0a07321081] rid: 635a4e8c-1d7a5b59-7a4a2f58', '635a4e8c-1d7a5b59-7a4a2f58'],
    [
      '封面裁剪失败,请检查裁剪参数后重试 hint: [m4Dyaa0935p484] rid: 65fc0416-6f3d1cc3-34fa8b90',
      '65fc0416-6f3d1cc3-34fa8b90',
    ],
    ['invalid media_id hint: [4LDlna0983e547]', undefined],
    ['invalid media_id', undefined],
  ])('takes the rid out of %s', (errmsg, rid) => {
    const { wechat } = refusal({ endpoint: 'draft/add', errcode: 40007, errmsg, now: NOW })
    expect(wechat).toEqual({ errcode: 40007, errmsg, ...(rid ? { rid } : {}) })
  })

  it('shows the address that WeChat saw for 40164', () => {
    const errmsg = 'invalid ip 101.45.43.1 ipv6 ::ffff:101.45.43.1, not in whitelist hint: [..]'
    const error = refusal({ endpoint: 'stable_token', errcode: 40164, errmsg, now: NOW })
    expect(error).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', details: { ip: '101.45.43.1' } })
    expect(error.message).toContain('101.45.43.1')
  })

  it('parks a spent day until midnight in Beijing and a spent minute for 60 s', () => {
    const at = (errcode: number, now: number) =>
      refusal({ endpoint: 'media/upload', errcode, errmsg: '', now }).retryAfter
    expect(at(45009, Date.UTC(2026, 10, 23, 4, 0, 0))).toBe(12 * 3_600)
    expect(at(45009, Date.UTC(2026, 10, 23, 15, 59, 59, 500))).toBe(1)
    expect(at(45009, Date.UTC(2026, 10, 23, 16, 0, 0))).toBe(24 * 3_600)
    expect(at(45011, NOW)).toBe(60)
    expect(secondsToBeijingMidnight(NOW)).toBe(43_200)
  })

  it('cuts a very long errmsg', () => {
    const error = refusal({ endpoint: 'media/get', errcode: 1, errmsg: 'x'.repeat(10_000), now: NOW })
    expect(error.wechat?.errmsg).toHaveLength(500)
  })
})

describe('needsNewToken', () => {
  it('is true for a token that is refused and a cloud call that is not made', () => {
    const asks = (errcode: number, endpoint: 'media/get' | 'stable_token') =>
      needsNewToken(endpoint, refusal({ endpoint, errcode, errmsg: '', now: NOW }))
    const codes = Object.keys(ERRCODES).map(Number)
    const anew = codes.filter(code => asks(code, 'media/get')).sort((one, other) => one - other)
    expect(anew).toEqual([-604104, -604100, -604001, 40001, 40014, 42001])
    expect(asks(40001, 'stable_token')).toBe(false)
    expect(needsNewToken('media/get', new Error('40001'))).toBe(false)
  })
})
