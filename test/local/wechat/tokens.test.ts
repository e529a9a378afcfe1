import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchange, jsonOf, startWire, type Wire } from './wire.ts'

const MINUTE = 60_000
const OTHER = { appId: 'wxbbbbbbbbbbbbbbbb', secret: 'secret-of-account-b' }

let wire: Wire
beforeEach(async () => {
  wire = await startWire({}, { others: [OTHER] })
})
afterEach(() => wire.close())

const classic = async (
  query = `grant_type=client_credential&appid=${wire.account.appId}&secret=${wire.account.secret}`,
) => jsonOf(await exchange(`${wire.url}/cgi-bin/token?${query}`))

const stable = async (fields: Record<string, unknown> = {}) => {
  const { appId: appid, secret } = wire.account
  const body = JSON.stringify({ grant_type: 'client_credential', appid, secret, ...fields })
  return jsonOf(await exchange(`${wire.url}/cgi-bin/stable_token`, { method: 'POST', body }))
}

/** The errcode a call with this token gets, `undefined` when it works. */
const tryToken = async (token: unknown) =>
  jsonOf(await exchange(`${wire.url}/cgi-bin/material/get_materialcount?access_token=${token}`))['errcode']

describe('GET /cgi-bin/token', () => {
  it('answers access_token and a numeric expires_in, and nothing else', async () => {
    const answer = await classic()
    expect(answer).toEqual({ access_token: expect.stringMatching(/^\d\d_[A-Za-z0-9_-]{136}$/), expires_in: 7200 })
    expect(await tryToken(answer['access_token'])).toBeUndefined()
  })

  it('mints a new token with each call and leaves the old one five minutes', async () => {
    const first = await classic()
    const second = await classic()
    expect(second['access_token']).not.toBe(first['access_token'])
    await wire.clock.advance(5 * MINUTE - 1)
    expect(await tryToken(first['access_token'])).toBeUndefined()
    await wire.clock.advance(1)
    expect(await tryToken(first['access_token'])).toBe(40001)
    expect(await tryToken(second['access_token'])).toBeUndefined()
  })

  it('leaves every older token its own five minutes', async () => {
    const first = await classic()
    await classic()
    await classic()
    expect(await tryToken(first['access_token'])).toBeUndefined()
  })

  it('lets a token expire after 7200 seconds with 42001', async () => {
    const { access_token } = await classic()
    await wire.clock.advance(7_200_000 - 1)
    expect(await tryToken(access_token)).toBeUndefined()
    await wire.clock.advance(1)
    expect(await tryToken(access_token)).toBe(42001)
  })

  it.each([
    ['another grant_type', 'grant_type=password&appid=a&secret=b', 40002],
    ['no appid', 'grant_type=client_credential&secret=b', 41002],
    ['no secret', 'grant_type=client_credential&appid=a', 41004],
    ['an unknown appid', 'grant_type=client_credential&appid=wxcccccccccccccccc&secret=b', 40013],
    ['a wrong secret', 'grant_type=client_credential&appid=wxaaaaaaaaaaaaaaaa&secret=b', 40001],
  ])('refuses %s', async (_, query, errcode) => {
    expect(await classic(query)).toMatchObject({ errcode })
  })
})

describe('POST /cgi-bin/stable_token', () => {
  it('answers the same token with its remaining life', async () => {
    const first = await stable()
    await wire.clock.advance(6_800_000)
    expect(await stable()).toEqual({ access_token: first['access_token'], expires_in: 400 })
  })

  it('renews five minutes before expiry and lets old and new overlap', async () => {
    const old = await stable()
    await wire.clock.advance(6_899_999)
    expect((await stable())['access_token']).toBe(old['access_token'])
    await wire.clock.advance(1)
    const renewed = await stable()
    expect(renewed['access_token']).not.toBe(old['access_token'])
    expect(renewed['expires_in']).toBe(7200)
    expect(await tryToken(old['access_token'])).toBeUndefined()
    await wire.clock.advance(5 * MINUTE)
    expect(await tryToken(old['access_token'])).toBe(42001)
    expect(await tryToken(renewed['access_token'])).toBeUndefined()
  })

  it('refreshes by force only 30 seconds after the last time', async () => {
    const first = await stable({ force_refresh: true })
    await wire.clock.advance(29_999)
    expect((await stable({ force_refresh: true }))['access_token']).toBe(first['access_token'])
    await wire.clock.advance(1)
    expect((await stable({ force_refresh: true }))['access_token']).not.toBe(first['access_token'])
  })

  it('refreshes by force twenty times a day in Beijing', async () => {
    const tokens = new Set<unknown>()
    for (let round = 0; round < 25; round++) {
      tokens.add((await stable({ force_refresh: true }))['access_token'])
      await wire.clock.advance(30_000)
    }
    expect(tokens.size).toBe(20)
    await wire.clock.advance(12 * 60 * MINUTE)
    const next = await stable({ force_refresh: true })
    expect(tokens.has(next['access_token'])).toBe(false)
  })

  it('ends a leaked token with the second forced refresh', async () => {
    const leaked = (await stable())['access_token']
    await stable({ force_refresh: true })
    expect(await tryToken(leaked)).toBeUndefined()
    await wire.clock.advance(30_000)
    await stable({ force_refresh: true })
    expect(await tryToken(leaked)).toBe(40001)
  })

  it('never touches the tokens of the classic family', async () => {
    const old = await classic()
    const kept = await stable()
    await stable({ force_refresh: true })
    await wire.clock.advance(30_000)
    await stable({ force_refresh: true })
    await wire.clock.advance(10 * MINUTE)
    expect(await tryToken(old['access_token'])).toBeUndefined()
    const current = await stable()
    await classic()
    await wire.clock.advance(10 * MINUTE)
    expect(await stable()).toMatchObject({ access_token: current['access_token'] })
    expect(await tryToken(kept['access_token'])).toBe(40001)
  })

  it.each([
    ['another grant_type', { grant_type: 'x' }, 40002],
    ['no appid', { appid: undefined }, 41002],
    ['no secret', { secret: '' }, 41004],
    ['an unknown appid', { appid: 'wxcccccccccccccccc' }, 40013],
    ['a wrong secret', { secret: 'x' }, 40125],
  ])('refuses %s', async (_, fields, errcode) => {
    expect(await stable(fields)).toMatchObject({ errcode })
  })

  it('refuses GET with 43002', async () => {
    expect(jsonOf(await exchange(`${wire.url}/cgi-bin/stable_token`))).toMatchObject({ errcode: 43002 })
  })
})

describe('an access_token', () => {
  it('that is missing, malformed or unknown answers 41001, 40014, 40001', async () => {
    expect(jsonOf(await exchange(`${wire.url}/cgi-bin/material/get_materialcount`))).toMatchObject({ errcode: 41001 })
    expect(await tryToken('')).toBe(40014)
    expect(await tryToken('nonsense')).toBe(40014)
    expect(await tryToken(`75_${'A'.repeat(136)}`)).toBe(40001)
  })

  it('dies with a reset of the secret, and only for its own account', async () => {
    const mine = await classic()
    const theirs = await stable({ appid: OTHER.appId, secret: OTHER.secret })
    wire.control.putAccount({ appId: wire.account.appId, secret: 'another' })
    expect(await tryToken(mine['access_token'])).toBe(40001)
    expect(await tryToken(theirs['access_token'])).toBeUndefined()
    expect(await classic()).toMatchObject({ errcode: 40001 })
  })

  it('dies at once when control expires it, and the next stable call answers a new one', async () => {
    const old = await stable()
    wire.control.expireTokens(wire.account.appId)
    expect(await tryToken(old['access_token'])).toBe(42001)
    const renewed = await stable()
    expect(renewed['access_token']).not.toBe(old['access_token'])
    expect(await tryToken(renewed['access_token'])).toBeUndefined()
  })
})

describe('an account that is in trouble', () => {
  it.each([
    [{ ipBlocked: true }, 40164],
    [{ secretFrozen: true }, 40243],
    [{ frozen: true }, 50002],
  ])('%o gets no token', async (flags, errcode) => {
    wire.control.putAccount({ appId: wire.account.appId, ...flags })
    expect(await classic()).toMatchObject({ errcode })
    expect(await stable()).toMatchObject({ errcode })
  })

  it('reads its own IP in the refusal', async () => {
    wire.control.putAccount({ appId: wire.account.appId, ipBlocked: true })
    const { errmsg } = await classic()
    expect(errmsg).toMatch(/^invalid ip 127\.0\.0\.1 ipv6 ::ffff:127\.0\.0\.1, not in whitelist rid: /)
  })

  it('keeps its tokens when only new ones are refused', async () => {
    const { access_token } = await stable()
    wire.control.putAccount({ appId: wire.account.appId, ipBlocked: true, secretFrozen: true })
    expect(await tryToken(access_token)).toBeUndefined()
    wire.control.putAccount({ appId: wire.account.appId, frozen: true })
    expect(await tryToken(access_token)).toBe(50002)
  })

  it('answers 48001 for what was revoked, all or some', async () => {
    const { access_token } = await stable()
    wire.control.putAccount({ appId: wire.account.appId, revoked: ['/cgi-bin/draft/count'] })
    expect(await tryToken(access_token)).toBeUndefined()
    wire.control.putAccount({ appId: wire.account.appId, revoked: true })
    expect(await tryToken(access_token)).toBe(48001)
  })

  it('has no library when it is a mini program', async () => {
    const { access_token } = await stable()
    wire.control.putAccount({ appId: wire.account.appId, kind: 'miniprogram' })
    expect(await tryToken(access_token)).toBe(48001)
    const get = await exchange(`${wire.url}/cgi-bin/media/get?access_token=${access_token}&media_id=x`)
    expect(jsonOf(get)).toMatchObject({ errcode: 40007 })
  })
})
