import { describe, expect, it } from 'vitest'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { refreshAccountToken } from '../../functions/refreshAccountToken.ts'
import { readToken } from '../../shared/domain/tokens/tokenRow.ts'
import { waitUntil } from '../support/drivenClock.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const ASK = { params: { appId: APP_ID }, appId: null }
const forced = (service: World): number =>
  service.control.ledger().filter(({ kind }) => kind === 'stable_token/forced').length

describe('a forced token', () => {
  it('is another one, is used from then on, and is never shown', async () => {
    await using service = await world()
    await service.ok(getMaterialStats)
    const before = (await readToken(service.table, APP_ID))?.data
    await service.clock.advance(10_000)
    const { data } = await service.ok(refreshAccountToken, ASK)
    const after = (await readToken(service.table, APP_ID))?.data
    expect(after?.value).not.toBe(before?.value)
    expect(after?.generation).toBe((before?.generation ?? 0) + 1)
    const now = Math.floor(service.clock.now() / 1000)
    expect(data).toEqual({ issued_at: now, expires_at: now + 7200 - 120, changed: true })
    expect(forced(service)).toBe(1)
    await service.ok(getMaterialStats)
  })

  it('is refused within thirty seconds of the last one', async () => {
    await using service = await world()
    await service.ok(refreshAccountToken, ASK)
    await service.clock.advance(29_000)
    const answer = await service.request(refreshAccountToken, ASK)
    expect(answer).toMatchObject({ status: 429, json: { code: 'WECHAT_QUOTA' } })
    expect(answer.headers.get('retry-after')).toBe('1')
    await service.clock.advance(1_000)
    expect((await service.ok(refreshAccountToken, ASK)).data.changed).toBe(true)
    expect(forced(service)).toBe(2)
  })

  it('is to be had twenty times a day', async () => {
    await using service = await world()
    for (let times = 0; times < 20; times++) {
      await service.ok(refreshAccountToken, ASK)
      await service.clock.advance(60_000)
    }
    const answer = await service.request(refreshAccountToken, ASK)
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe(String(24 * 3600 - 20 * 60))
    expect(forced(service)).toBe(20)
    await service.clock.advance(24 * 3_600_000 - 20 * 60_000)
    await service.ok(refreshAccountToken, ASK)
  })

  it('is asked for although the last renewal failed, and ends that failure', async () => {
    await using service = await world({ account: { ipBlocked: true } })
    await service.fails(getMaterialStats)
    expect(await service.fails(refreshAccountToken, ASK)).toMatchObject({ wechat: { errcode: 40164 } })
    service.control.putAccount({ appId: APP_ID, ipBlocked: false })
    await service.ok(refreshAccountToken, ASK)
    await service.ok(getMaterialStats)
  })

  it('waits for a renewal that is under way', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/stable_token', kind: 'delay', delay_ms: 5_000, times: 1 })
    const first = service.request(refreshAccountToken, ASK)
    await waitUntil(() => service.control.faults().length === 0, 'the call of WeChat')
    expect(await service.fails(refreshAccountToken, ASK)).toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await service.drive(first)).toMatchObject({ status: 200 })
  })

  it('is for admins alone', async () => {
    await using service = await world()
    expect(await service.fails(refreshAccountToken, { ...ASK, key: service.keys.write })).toMatchObject({
      code: 'FORBIDDEN',
    })
    expect(service.calls('stable_token')).toBe(0)
  })
})
