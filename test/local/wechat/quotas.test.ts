import { afterEach, describe, expect, it } from 'vitest'
import { ENDPOINTS } from '../../../local/wechat/endpoints.ts'
import { fileForm } from './forms.ts'
import { caller, startWire, type Wire } from './wire.ts'

const HOUR = 3_600_000
const OTHER = { appId: 'wxbbbbbbbbbbbbbbbb', secret: 'secret-of-account-b' }
const COUNT = '/cgi-bin/draft/count'

let wire: Wire
afterEach(() => wire.close())

const left = (cgi_path: string) => wire.calls.post('openapi/quota/get', { cgi_path })

describe('a daily quota', () => {
  it('ends in 45009 until midnight in Beijing', async () => {
    wire = await startWire({ quotas: { [COUNT]: 2 } })
    await wire.calls.get('draft/count')
    await wire.calls.get('draft/count')
    expect(await wire.calls.get('draft/count')).toMatchObject({
      errcode: 45009,
      errmsg: expect.stringMatching(/^reach max api daily quota limit rid: /),
    })
    // The virtual clock starts at noon in Beijing.
    await wire.clock.advance(12 * HOUR - 1)
    wire.calls.forgetToken()
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 45009 })
    await wire.clock.advance(1)
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 0 })
  })

  it('is of one path and one account', async () => {
    wire = await startWire({ quotas: { [COUNT]: 1 } }, { others: [{ ...OTHER, quotas: { [COUNT]: 1 } }] })
    await wire.calls.get('draft/count')
    expect(await wire.calls.get('material/get_materialcount')).not.toHaveProperty('errcode')
    expect(await caller(wire.url, OTHER).get('draft/count')).toEqual({ total_count: 0 })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 45009 })
  })

  it('counts refused bodies too', async () => {
    wire = await startWire({ quotas: { '/cgi-bin/media/upload': 1 } })
    expect(await wire.calls.send('media/upload?type=image', { body: 'x' })).toMatchObject({ errcode: 41005 })
    expect(await wire.calls.send('media/upload?type=image', fileForm())).toMatchObject({ errcode: 45009 })
  })

  it('of a test account is tiny, unless * says otherwise', async () => {
    wire = await startWire({ kind: 'test' })
    for (let call = 0; call < 10; call++) await wire.calls.id('material/add_material?type=image', fileForm())
    expect(await wire.calls.send('material/add_material?type=image', fileForm())).toMatchObject({ errcode: 45009 })
    wire.control.putAccount({ appId: wire.account.appId, quotas: { '*': 100 } })
    await wire.calls.id('material/add_material?type=image', fileForm())
  })
})

describe('a minute quota', () => {
  it('ends in 45011 until the next minute', async () => {
    wire = await startWire({ minuteQuotas: { [COUNT]: 1 } })
    await wire.calls.get('draft/count')
    expect(await wire.calls.get('draft/count')).toMatchObject({
      errcode: 45011,
      errmsg: expect.stringMatching(/^api minute-quota reach limit, must slower, retry next minute rid: /),
    })
    await wire.clock.advance(60_000)
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 0 })
  })
})

describe('POST /cgi-bin/openapi/quota/get', () => {
  it('answers limit, used and remain', async () => {
    wire = await startWire({ quotas: { [COUNT]: 3 } })
    await wire.calls.get('draft/count')
    expect(await left(COUNT)).toEqual({
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: 3, used: 1, remain: 2 },
    })
    expect(await left('/cgi-bin/stable_token')).toMatchObject({
      quota: { daily_limit: 500_000, used: 1 },
      rate_limit: { call_count: 10_000, refresh_second: 60 },
    })
  })

  it('knows each endpoint and nothing else', async () => {
    wire = await startWire()
    for (const path of ENDPOINTS.keys()) expect(await left(path)).toMatchObject({ errcode: 0 })
    expect(await left('cgi-bin/token')).toMatchObject({ errcode: 76003 })
    expect(await left('/cgi-bin/nothing')).toMatchObject({ errcode: 76021 })
  })
})

describe('POST /cgi-bin/clear_quota', () => {
  const clear = (appid = wire.account.appId) => wire.calls.post('clear_quota', { appid })

  it('begins all counts anew, for the token’s own account', async () => {
    wire = await startWire({ quotas: { [COUNT]: 1 } })
    await wire.calls.get('draft/count')
    expect(await clear(OTHER.appId)).toMatchObject({ errcode: 49001 })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 45009 })
    expect(await clear()).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 0 })
  })

  it('works ten times a month', async () => {
    wire = await startWire()
    for (let time = 0; time < 10; time++) expect(await clear()).toMatchObject({ errcode: 0 })
    expect(await clear()).toMatchObject({ errcode: 48006 })
    // From 23 November, noon, to 1 December in Beijing.
    await wire.clock.advance(8 * 24 * HOUR)
    wire.calls.forgetToken()
    expect(await clear()).toMatchObject({ errcode: 0 })
  })
})
