/** An account that WeChat refuses as a whole: its calls stop, the others notice nothing, and it comes back by itself. */
import { describe, expect, it } from 'vitest'
import { getAccount } from '../../functions/getAccount.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { listAccounts } from '../../functions/listAccounts.ts'
import { listMaterials } from '../../functions/listMaterials.ts'
import { putAccount } from '../../functions/putAccount.ts'
import { refreshAccountToken } from '../../functions/refreshAccountToken.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import { callQuotas } from '../../shared/domain/quotas/callQuotas.ts'
import { forgetRefusals } from '../../shared/domain/quotas/refusalRow.ts'
import type { WeChat } from '../../shared/ports/wechat.ts'
import { fileBytes } from '../support/files.ts'
import { openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const COUNT = '/cgi-bin/material/get_materialcount'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const OTHER_APP_ID = 'wxaaaaaaaaaaaaaaaa'
const SCHEDULE = { trigger: 'schedule' } as const

const STATS: Ask = { query: { source: 'news' } }
const IMAGES: Ask = { query: { type: 'image' } }
const ACCOUNT: Ask = { params: { appId: APP_ID }, appId: null, query: { counts: 'false' } }

const refuse = (service: World, path: string, errcode: number, times?: number) =>
  service.control.addFault({
    path,
    app_id: APP_ID,
    kind: 'errcode',
    errcode,
    ...(times !== undefined && { times }),
  })
const total = (service: World): number => service.control.calls().total
const health = async (service: World) => (await service.ok(getAccount, ACCOUNT)).data.health

describe('a fault of the whole account', () => {
  it.each([40013, 40125, 40164, 40243, 48004, 50002, 50004, 50007])(
    '(%i) stops all its calls and none of another account',
    async errcode => {
      await using service = await world()
      await service.addAccount(OTHER_APP_ID)
      refuse(service, COUNT, errcode, 1)
      await service.fails(getMaterialStats, STATS)
      const asked = total(service)
      const problem = await service.fails(listMaterials, IMAGES)
      expect(problem).toMatchObject({ status_code: 424, code: 'ACCOUNT_MISCONFIGURED', wechat: { errcode } })
      expect(problem.details).toMatchObject({ remedy: expect.any(String), endpoint: 'material/get_materialcount' })
      expect(total(service)).toBe(asked)
      await service.ok(listMaterials, { ...IMAGES, appId: OTHER_APP_ID })
      expect(service.metrics('AccountDegraded')).toEqual([1])
      expect(await health(service)).toMatchObject({ state: 'DEGRADED', reason: problem.message })
      const { data } = await service.ok(listAccounts, { appId: null })
      expect(data.map(({ app_id, state }) => [app_id, state])).toEqual([
        [APP_ID, 'DEGRADED'],
        [OTHER_APP_ID, 'OK'],
      ])
    },
  )

  it('asks WeChat again and again when its row is lost (the twin)', async () => {
    await using service = await world()
    refuse(service, COUNT, 50002)
    for (let call = 0; call < 5; call++) {
      await service.fails(getMaterialStats, STATS)
      await forgetRefusals(service.table, APP_ID)
      await service.clock.advance(10_000)
    }
    expect(service.calls('material/get_materialcount')).toBe(5)
  })

  it('is known to other processes within ten seconds', async () => {
    await using service = await world()
    const elsewhere = callQuotas(service.ports)
    await elsewhere.check(APP_ID, 'draft/add')
    refuse(service, COUNT, 50002, 1)
    await service.fails(getMaterialStats, STATS)
    await service.clock.advance(10_000)
    await expect(elsewhere.check(APP_ID, 'draft/add')).rejects.toMatchObject({ code: 'ACCOUNT_MISCONFIGURED' })
  })

  it('is tried by one caller an hour later; while it fails the others are told, and an hour passes again', async () => {
    await using service = await world()
    refuse(service, COUNT, 50002)
    await service.fails(getMaterialStats, STATS)
    await service.clock.advance(HOUR_MS)
    const asked = total(service)
    const processes = Array.from({ length: 20 }, () => callQuotas(service.ports))
    const checks = await Promise.allSettled(processes.map(quotas => quotas.check(APP_ID, 'draft/add')))
    expect(checks.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    // Whoever was let through has died: after a minute it is somebody else's turn.
    await service.clock.advance(MINUTE_MS)
    await service.fails(getMaterialStats, STATS)
    expect(total(service)).toBe(asked + 1)
    await service.clock.advance(59 * MINUTE_MS)
    await service.fails(listMaterials, IMAGES)
    expect(total(service)).toBe(asked + 1)
    expect(await health(service)).toMatchObject({ state: 'DEGRADED' })
  })

  it('ends with the first call that goes well', async () => {
    await using service = await world()
    refuse(service, COUNT, 50002, 1)
    await service.fails(getMaterialStats, STATS)
    await service.clock.advance(HOUR_MS)
    expect(await health(service)).toMatchObject({ state: 'DEGRADED' })
    await service.ok(listMaterials, IMAGES)
    expect(await health(service)).toMatchObject({ state: 'OK', last_error: null })
    await service.ok(getMaterialStats, STATS)
  })

  it('is tried by the schedule when nobody calls', async () => {
    await using service = await world()
    refuse(service, COUNT, 50007, 1)
    await service.fails(getMaterialStats, STATS)
    for (let minute = 0; minute < 59; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    expect(await health(service)).toMatchObject({ state: 'DEGRADED' })
    expect(service.calls('material/get_materialcount')).toBe(1)
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await health(service)).toMatchObject({ state: 'OK' })
    expect(service.calls('material/get_materialcount')).toBe(2)
  })

  it('whose probe hangs does not hold up the uploads of others', async () => {
    await using service = await world()
    await service.addAccount(OTHER_APP_ID)
    refuse(service, COUNT, 50007, 1)
    await service.fails(getMaterialStats, STATS)
    await service.clock.advance(HOUR_MS)
    const opened = await openAndPost(service, { appId: OTHER_APP_ID })
    service.dropEvents()
    await service.clock.advance(MINUTE_MS)
    const count = () => new Promise<never>(() => undefined)
    const wechat: WeChat = { ...service.wechat, material: appId => ({ ...service.wechat.material(appId), count }) }
    void service.run(sweepUploads, SCHEDULE, { limitMs: 55_000, ports: { wechat } })
    await service.waitUntil(() => service.calls('material/add_material') > 0)
    await service.settled()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })

  it('is tried although a thousand others cannot be', async () => {
    await using service = await world()
    refuse(service, COUNT, 50007, 1)
    await service.fails(getMaterialStats, STATS)
    const due = { queue: 'fault', at: 1 }
    for (let at = 0; at < 1_000; at++) {
      await service.table.put(
        { pk: `PARK#wx${String(at).padStart(16, '0')}`, sk: '!fault', schemaVersion: 1, data: {}, due },
        0,
      )
    }
    await service.clock.advance(HOUR_MS)
    await service.sweep()
    expect(await health(service)).toMatchObject({ state: 'OK' })
  })

  it.each([
    ['a change of the account', (service: World) => service.ok(putAccount, { ...ACCOUNT, query: {}, body: {} })],
    ['a forced token', (service: World) => service.ok(refreshAccountToken, { ...ACCOUNT, query: {} })],
  ])('is lifted by %s', async (_what, act) => {
    await using service = await world()
    refuse(service, COUNT, 50002, 1)
    await service.fails(getMaterialStats, STATS)
    await act(service)
    await service.clock.advance(10_000)
    await service.ok(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'OK' })
  })

  it.each([
    ['a change of the account', (service: World) => service.ok(putAccount, { ...ACCOUNT, query: {}, body: {} })],
    ['a forced token', (service: World) => service.ok(refreshAccountToken, { ...ACCOUNT, query: {} })],
  ])('that the refresher met is lifted at once by %s', async (_what, act) => {
    await using service = await world({ account: { ipBlocked: true } })
    await service.fails(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'DEGRADED', last_error: { wechat: { errcode: 40164 } } })
    service.control.putAccount({ appId: APP_ID, ipBlocked: false })
    await service.fails(getMaterialStats, STATS)
    await act(service)
    await service.ok(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'OK', last_error: null })
  })

  it('parks its uploads without a call of WeChat, and they are stored once it is mended', async () => {
    await using service = await world()
    refuse(service, COUNT, 48004, 1)
    await service.fails(getMaterialStats, STATS)
    const uploads = [await openAndPost(service), await openAndPost(service, { filename: '二.jpg' })]
    await service.deliver()
    expect(service.calls('material/add_material')).toBe(0)
    for (const opened of uploads) {
      expect(await view(service, opened)).toMatchObject({
        state: 'PARKED',
        attempts: 0,
        error: { code: 'ACCOUNT_MISCONFIGURED' },
      })
    }
    for (let minute = 0; minute < 64; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    for (const opened of uploads) expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
  })
})

describe('uploads that wait for the account', () => {
  const put = (service: World, body: unknown) =>
    service.ok(putAccount, { params: { appId: APP_ID }, appId: null, body })
  const force = (service: World) => service.ok(refreshAccountToken, { params: { appId: APP_ID }, appId: null })

  it.each<[string, (service: World) => Promise<unknown>]>([
    ['its operator has changed it', (service: World) => put(service, { name: '修好了' })],
    ['its operator has forced a token', force],
  ])('are sent within two minutes once %s, those of other accounts and reasons are not', async (_when, mend) => {
    await using service = await world()
    await service.addAccount(OTHER_APP_ID)
    for (const appId of [APP_ID, OTHER_APP_ID]) service.control.putAccount({ appId, frozen: true })
    const mine = await openAndPost(service)
    await service.deliver()
    const other = await openAndPost(service, { appId: OTHER_APP_ID })
    await service.deliver()
    for (const opened of [mine, other]) expect(await view(service, opened)).toMatchObject({ state: 'PARKED' })
    for (const appId of [APP_ID, OTHER_APP_ID]) service.control.putAccount({ appId, frozen: false })
    await service.clock.advance(MINUTE_MS)
    // This process still believes for some seconds that the account is out of order.
    await service.fails(listMaterials, IMAGES)
    await service.drive(mend(service))
    await service.settled()
    await service.sweep()
    for (let minute = 0; minute < 2; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    expect(await view(service, mine)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(await view(service, other)).toMatchObject({ state: 'PARKED' })
  })

  it('are sent soon once it is mended, and so are those that wait for them, for they have the same bytes', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, frozen: true })
    const bytes = fileBytes('jpg')
    const first = await openAndPost(service, { bytes })
    await service.deliver()
    expect(await view(service, first)).toMatchObject({ state: 'PARKED', error: { code: 'ACCOUNT_MISCONFIGURED' } })
    const second = await openAndPost(service, { bytes, filename: '二.jpg' })
    await service.deliver()
    expect(await view(service, second)).toMatchObject({ state: 'PARKED', error: { code: 'SAME_BYTES_UPLOADING' } })
    service.control.putAccount({ appId: APP_ID, frozen: false })
    await service.clock.advance(MINUTE_MS)
    await service.drive(put(service, { name: '修好了' }))
    await service.settled()
    for (let minute = 0; minute < 3; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    expect(await view(service, first)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(await view(service, second)).toMatchObject({ state: 'STORED', reused: true })
  })

  it('are found without reading what else the account has, and another run’s row stays as it is', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'errcode', errcode: 45009, times: 1 })
    const parked = await openAndPost(service)
    await service.deliver()
    const before = await view(service, parked)
    let reads = 0
    const table: typeof service.table = {
      ...service.table,
      list: () => Promise.reject(new Error('the account’s uploads are not listed')),
      get: (key, signal) => {
        reads++
        return service.table.get(key, signal)
      },
    }
    const payload = { mended: APP_ID }
    expect(await service.run(sweepUploads, { trigger: 'call', payload }, { ports: { table } })).toEqual({ woken: 0 })
    expect(reads).toBeLessThan(2)
    expect(await view(service, parked)).toEqual(before)
  })
})

describe('a permission that is missing (48001)', () => {
  it('stops that call and no other one', async () => {
    await using service = await world()
    refuse(service, COUNT, 48001, 1)
    await service.fails(getMaterialStats, STATS)
    expect(await service.fails(getMaterialStats, STATS)).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED' })
    expect(service.calls('material/get_materialcount')).toBe(1)
    await service.ok(listMaterials, IMAGES)
    expect(await health(service)).toMatchObject({ state: 'DEGRADED', parked: [] })
    await service.clock.advance(HOUR_MS)
    await service.ok(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'OK' })
  })
})

describe('a secret that is wrong from the beginning', () => {
  it('is tried hourly by the schedule alone, and the account comes back by itself', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, secretFrozen: true })
    await service.fails(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'DEGRADED', last_error: { wechat: { errcode: 40243 } } })
    for (let minute = 0; minute < 59; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.run(refreshToken, SCHEDULE)
    }
    expect(service.calls('stable_token')).toBe(1)
    service.control.putAccount({ appId: APP_ID, secretFrozen: false })
    await service.clock.advance(MINUTE_MS)
    expect(await service.run(refreshToken, SCHEDULE)).toEqual({ renewed: 1 })
    expect(await health(service)).toMatchObject({ state: 'OK' })
    expect(service.metrics('AccountDegraded')).toEqual([1])
  })

  it('as the classic call says it (40001) is asked about again for a minute before it is believed for an hour', async () => {
    await using service = await world()
    refuse(service, '/cgi-bin/stable_token', 40001)
    for (let second = 0; second < 600; second += 10) {
      await service.drive(service.request(getMaterialStats, STATS))
      await service.clock.advance(10_000)
    }
    expect(service.calls('stable_token')).toBe(7)
    expect(service.metrics('AccountDegraded')).toEqual([1])
    service.control.clearFaults()
    await service.clock.advance(HOUR_MS)
    await service.run(refreshToken, SCHEDULE)
    expect(await health(service)).toMatchObject({ state: 'OK' })
  })

  it('for a moment only is forgotten by the schedule while the present token serves', async () => {
    await using service = await world()
    await service.ok(getMaterialStats, STATS)
    refuse(service, COUNT, 40001, 1)
    refuse(service, '/cgi-bin/stable_token', 40001, 1)
    await service.fails(getMaterialStats, STATS)
    await service.ok(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'OK', last_error: { wechat: { errcode: 40001 } } })
    await service.clock.advance(MINUTE_MS)
    await service.run(refreshToken, SCHEDULE)
    expect(await health(service)).toMatchObject({ state: 'OK', last_error: null })
    expect(service.metrics('AccountDegraded')).toEqual([])
  })

  it('of an account that was removed is not tried by the schedule', async () => {
    await using service = await world()
    await service.run(refreshToken, { trigger: 'call', payload: { app_id: 'wxffffffffffffffff' } })
    await service.clock.advance(HOUR_MS)
    expect(await service.table.due('token', service.clock.now(), 10)).toEqual([])
  })
})

describe('a token that is refused twice', () => {
  it('stops nothing at first, for it may pass, and the next good call clears the health', async () => {
    await using service = await world()
    refuse(service, COUNT, 40001, 2)
    const { headers } = await service.drive(service.request(getMaterialStats, STATS))
    expect(headers.get('retry-after')).toBe('30')
    expect(await health(service)).toMatchObject({ state: 'DEGRADED', last_error: { wechat: { errcode: 40001 } } })
    await service.ok(getMaterialStats, STATS)
    expect(await health(service)).toMatchObject({ state: 'OK' })
    expect(service.metrics('TokenRefused')).toEqual([1])
  })

  it('stops the account for five minutes when that has gone on for a minute: no storm', async () => {
    await using service = await world()
    refuse(service, COUNT, 40001)
    for (let second = 0; second < 600; second += 5) {
      await service.drive(service.request(getMaterialStats, STATS))
      await service.clock.advance(5_000)
    }
    const asked = service.calls('material/get_materialcount')
    expect(asked).toBeLessThan(30)
    service.control.clearFaults()
    await service.clock.advance(5 * MINUTE_MS)
    await service.drive(service.ok(getMaterialStats, STATS))
    expect(await health(service)).toMatchObject({ state: 'OK' })
  })

  it('counts as passed once a call of any process goes well', async () => {
    await using service = await world()
    const elsewhere = callQuotas(service.ports)
    refuse(service, COUNT, 40001, 2)
    await service.drive(service.fails(getMaterialStats, STATS))
    await elsewhere.check(APP_ID, 'draft/add')
    await elsewhere.succeeded(APP_ID, 'draft/add')
    expect(await health(service)).toMatchObject({ state: 'OK' })
    await service.clock.advance(2 * MINUTE_MS)
    refuse(service, COUNT, 40001, 2)
    await service.drive(service.fails(getMaterialStats, STATS))
    await elsewhere.check(APP_ID, 'draft/add')
    expect(service.metrics('AccountDegraded')).toEqual([])
  })

  it('parks an upload for half a minute, not for an hour', async () => {
    await using service = await world()
    refuse(service, '/cgi-bin/material/add_material', 40001, 2)
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED' })
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})
