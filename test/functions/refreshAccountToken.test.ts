import { describe, expect, it } from 'vitest'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { refreshAccountToken } from '../../functions/refreshAccountToken.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { readToken, tokenRow } from '../../shared/domain/tokens/tokenRow.ts'
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
    const second = service.request(refreshAccountToken, ASK)
    const answers = await service.drive(Promise.all([first, second]))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers[0]?.json).toEqual(answers[1]?.json)
    expect(forced(service)).toBe(1)
  })

  it('comes 15 s after another renewal whose function died', async () => {
    await using service = await world()
    await service.ok(getMaterialStats)
    const row = await readToken(service.table, APP_ID)
    if (!row) throw new Error('no token')
    const lease = { id: 'of a dead one', until: service.clock.now() + 15_000 }
    await service.table.put(tokenRow({ ...row.data, lease }), row.version)
    const started = service.clock.now()
    const answer = service.ok(refreshAccountToken, ASK)
    expect((await service.drive(answer)).data.changed).toBe(true)
    expect(service.clock.now() - started).toBeLessThan(17_000)
    expect(forced(service)).toBe(1)
  })

  it('is 503 with the time to wait while others renew one after another, and is not asked for then', async () => {
    await using service = await world()
    await service.ok(getMaterialStats)
    const table: typeof service.table = {
      ...service.table,
      put: async (draft, expected, signal) => {
        if (!draft.pk.startsWith('TOKEN#')) return service.table.put(draft, expected, signal)
        return { ok: false, current: await service.table.get(draft) }
      },
    }
    const run = service.run(
      refreshToken,
      { trigger: 'call', payload: { app_id: APP_ID, force: true } },
      { ports: { table }, limitMs: 25_000 },
    )
    expect(await service.drive(run)).toMatchObject({ error: { code: 'OUT_OF_TIME', retry_after: 15 } })
    expect(forced(service)).toBe(0)
  })

  it('is for admins alone', async () => {
    await using service = await world()
    expect(await service.fails(refreshAccountToken, { ...ASK, key: service.keys.write })).toMatchObject({
      code: 'FORBIDDEN',
    })
    expect(service.calls('stable_token')).toBe(0)
  })
})
