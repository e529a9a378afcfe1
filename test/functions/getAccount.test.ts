import { describe, expect, it } from 'vitest'
import { getAccount } from '../../functions/getAccount.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { LIFE_MS } from '../../shared/domain/temporary/temporaryRow.ts'
import { trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import { addMaterial } from '../support/library.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const ASK = { params: { appId: APP_ID }, appId: null }
const QUIET = { ...ASK, query: { counts: 'false' } }

describe('an account', () => {
  it('shows settings, health and library, and nothing that opens anything', async () => {
    await using service = await world()
    await addMaterial(service)
    const row = await service.table.get<{ value: string }>({ pk: `TOKEN#${APP_ID}`, sk: 'token' })
    const { data } = await service.ok(getAccount, { ...ASK, key: service.keys.read })
    const now = Math.floor(service.clock.now() / 1000)
    expect(data).toMatchObject({
      app_id: APP_ID,
      name: '测试公众号',
      callback: false,
      health: {
        state: 'OK',
        token: { issued_at: now, expires_at: now + 7200 - 120 },
        last_error: null,
        parked: [],
      },
      library: {
        counts: { image_count: 1, news_count: 0, voice_count: 0, video_count: 0 },
        limits: { image_and_news: 100_000, voice: 1_000, video: 1_000 },
      },
    })
    expect(JSON.stringify(data)).not.toContain(row?.data.value)
  })

  it('asks nothing of WeChat with counts=false', async () => {
    await using service = await world()
    const { data } = await service.ok(getAccount, QUIET)
    expect(data).toMatchObject({ health: { state: 'OK', token: null }, library: { counts: null } })
    expect(service.control.calls().calls).toEqual([])
  })

  it('of a mini program has no library', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { kind: 'miniprogram', row: { kind: 'mini_program' } })
    const { data } = await service.ok(getAccount, { params: { appId: 'wxaaaaaaaaaaaaaaaa' }, appId: null })
    expect(data).toMatchObject({ kind: 'mini_program', library: null, health: { state: 'OK' } })
  })

  it('that is not here is 404, after the grant was looked at', async () => {
    await using service = await world()
    const ask = { params: { appId: 'wx0000000000000000' }, appId: null }
    expect(await service.fails(getAccount, ask)).toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
    const key = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
    expect(await service.fails(getAccount, { ...ask, key })).toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('the temporary media that WeChat drops within a day', () => {
  const HOUR_MS = 3_600_000
  const file = {
    ...{ object_key: 'store/x.jpg', content_type: 'image/jpeg', size: 1 },
    ...{ sha256: 'a'.repeat(64), filename: '日落.jpg', stored_at: 1 },
  }

  /** Tracks a media that WeChat drops `left` ms from now. */
  const track = (service: World, mediaId: string, left: number, copied = false) => {
    const createdAt = service.clock.now() + left - LIFE_MS
    return trackMedia(service.ports, { appId: APP_ID, mediaId, source: 'upload', createdAt, ...(copied && { file }) })
  }

  it('are counted, and those without a copy', async () => {
    await using service = await world()
    const counted = async () => (await service.ok(getAccount, QUIET)).data.temporary_media
    expect(await counted()).toEqual({ expiring: 0, uncopied: 0, more: false })
    await track(service, 'gone', -1)
    await track(service, 'now', HOUR_MS)
    await track(service, 'kept', 24 * HOUR_MS - 1, true)
    await track(service, 'tomorrow', 24 * HOUR_MS)
    expect(await counted()).toEqual({ expiring: 2, uncopied: 1, more: false })
    await service.clock.advance(HOUR_MS + 1)
    expect(await counted()).toEqual({ expiring: 2, uncopied: 1, more: false })
  })

  it('are counted up to a thousand', async () => {
    await using service = await world()
    for (let at = 0; at < 1_001; at++) await track(service, `m${at}`, HOUR_MS)
    const { data } = await service.ok(getAccount, QUIET)
    expect(data.temporary_media).toEqual({ expiring: 1_000, uncopied: 1_000, more: true })
  })
})

describe('health tells the operator what to do', () => {
  it('about an address that is not whitelisted', async () => {
    await using service = await world({ account: { ipBlocked: true } })
    const { data } = await service.ok(getAccount, ASK)
    expect(data.library).toMatchObject({ counts: null })
    expect(data.health).toMatchObject({
      state: 'DEGRADED',
      reason: expect.stringContaining('127.0.0.1'),
      token: null,
      last_error: {
        code: 'ACCOUNT_MISCONFIGURED',
        ip: '127.0.0.1',
        remedy: expect.stringContaining('IP白名单'),
        wechat: { errcode: 40164, rid: expect.any(String) },
        retry_at: Math.floor(service.clock.now() / 1000) + 3600,
      },
    })
  })

  it('about calls whose quota is used up', async () => {
    await using service = await world()
    const path = '/cgi-bin/draft/count'
    service.control.addFault({ path, kind: 'errcode', errcode: 45009, times: 1 })
    await service.fails(getMaterialStats)
    const { data } = await service.ok(getAccount, QUIET)
    const midnight = Math.floor(service.clock.now() / 1000) + 12 * 3600
    expect(data.health).toMatchObject({
      state: 'OK',
      parked: [{ endpoint: 'draft/count', until: midnight, wechat: { errcode: 45009 } }],
    })
    await service.clock.advance(12 * 3_600_000)
    expect((await service.ok(getAccount, QUIET)).data.health.parked).toEqual([])
  })

  it('but an outage does not matter while the token is good', async () => {
    await using service = await world()
    await service.ok(getMaterialStats)
    await service.clock.advance(116 * 60_000)
    service.weChatIsDown = true
    await service.run(refreshToken, { trigger: 'schedule' })
    expect((await service.ok(getAccount, QUIET)).data.health).toMatchObject({
      state: 'OK',
      last_error: { code: 'WECHAT_UNREACHABLE' },
    })
    await service.clock.advance(10 * 60_000)
    expect((await service.ok(getAccount, QUIET)).data.health).toMatchObject({ state: 'DEGRADED' })
  })
})
