/** Quotas and repetitions: what one table of errcodes makes of 45009, 45011, -1 and faults of the wire. */
import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { getAccount } from '../../functions/getAccount.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { listMaterials } from '../../functions/listMaterials.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { callQuotas } from '../../shared/domain/quotas/callQuotas.ts'
import { fileBytes } from '../support/files.ts'
import { article } from '../support/library.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const COUNT = '/cgi-bin/material/get_materialcount'
const ADD = '/cgi-bin/material/add_material'
const MINUTE_MS = 60_000
const OTHER_APP_ID = 'wxaaaaaaaaaaaaaaaa'

const image: Ask = {
  params: { type: 'image' },
  form: multipartBody([{ name: 'media', filename: '日落.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg') }]),
}
/** One call of WeChat: get_materialcount. */
const STATS: Ask = { query: { source: 'news' } }
const refuse = (service: World, path: string, errcode: number, times?: number) =>
  service.control.addFault({ path, kind: 'errcode', errcode, ...(times !== undefined && { times }) })

describe('a daily quota that is used up (45009)', () => {
  it('parks the call until midnight in Beijing, and WeChat is not asked again', async () => {
    await using service = await world({ account: { quotas: { [COUNT]: 2 } } })
    await service.ok(getMaterialStats, STATS)
    await service.ok(getMaterialStats, STATS)
    const first = await service.request(getMaterialStats, STATS)
    expect(first).toMatchObject({ status: 429, json: { code: 'WECHAT_QUOTA', wechat: { errcode: 45009 } } })
    // The world begins at 12:00 in Beijing.
    expect(first.headers.get('retry-after')).toBe(String(12 * 3600))
    const asked = service.calls('material/get_materialcount')
    await service.clock.advance(5 * 3_600_000)
    const parked = await service.request(getMaterialStats, STATS)
    expect(parked).toMatchObject({ status: 429, json: { details: { endpoint: 'material/get_materialcount' } } })
    expect(parked.headers.get('retry-after')).toBe(String(7 * 3600))
    expect(service.calls('material/get_materialcount')).toBe(asked)
    expect(service.metrics('QuotaReached')).toEqual([1])
    await service.clock.advance(7 * 3_600_000)
    await service.ok(getMaterialStats, STATS)
  })

  it('parks neither other calls nor other accounts', async () => {
    await using service = await world()
    await service.addAccount(OTHER_APP_ID)
    refuse(service, COUNT, 45009, 1)
    expect(await service.fails(getMaterialStats, STATS)).toMatchObject({ status_code: 429 })
    await service.ok(getMaterialStats, { ...STATS, appId: OTHER_APP_ID })
    await service.ok(listMaterials, { query: { type: 'image' } })
  })

  it('is known to another process within ten seconds, and to a new one at once', async () => {
    await using service = await world()
    const elsewhere = callQuotas(service.ports)
    await elsewhere.check(APP_ID, 'material/get_materialcount')
    refuse(service, COUNT, 45009, 1)
    await service.fails(getMaterialStats, STATS)
    await expect(callQuotas(service.ports).check(APP_ID, 'material/get_materialcount')).rejects.toMatchObject({
      code: 'WECHAT_QUOTA',
    })
    await elsewhere.check(APP_ID, 'material/get_materialcount')
    await service.clock.advance(10_000)
    await expect(elsewhere.check(APP_ID, 'material/get_materialcount')).rejects.toMatchObject({ code: 'WECHAT_QUOTA' })
  })

  it('costs one read of the table in ten seconds', async () => {
    await using service = await world()
    let reads = 0
    const table = {
      ...service.table,
      list: ((pk, query, signal) => {
        reads++
        return service.table.list(pk, query, signal)
      }) as typeof service.table.list,
    }
    const quotas = callQuotas({ ...service.ports, table })
    await Promise.all(Array.from({ length: 50 }, () => quotas.check(APP_ID, 'draft/add')))
    await quotas.check(APP_ID, 'draft/get')
    await service.clock.advance(9_999)
    await quotas.check(APP_ID, 'draft/add')
    expect(reads).toBe(1)
  })

  it('does not stop calls when the table cannot tell', async () => {
    await using service = await world()
    const table = {
      ...service.table,
      list: async () => {
        throw new Error('no table')
      },
    }
    await callQuotas({ ...service.ports, table }).check(APP_ID, 'draft/add')
  })

  it('parks an upload without a call, and it is stored after midnight', async () => {
    await using service = await world({ account: { quotas: { [ADD]: 0 } } })
    const opened = await openAndPost(service)
    await service.deliver()
    const second = await openAndPost(service, { filename: '第二.jpg' })
    await service.deliver()
    expect(await view(service, second)).toMatchObject({ state: 'PARKED', error: { code: 'WECHAT_QUOTA' } })
    expect(service.calls('material/add_material')).toBe(1)
    service.control.putAccount({ appId: APP_ID, quotas: { [ADD]: 10 } })
    await service.clock.advance(12 * 3_600_000 + 60_000)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
    expect(await view(service, second)).toMatchObject({ state: 'STORED' })
  })
})

describe('a quota of the minute (45011)', () => {
  it('parks the call for sixty seconds', async () => {
    await using service = await world()
    refuse(service, COUNT, 45011, 1)
    const first = await service.request(getMaterialStats, STATS)
    expect(first.headers.get('retry-after')).toBe('60')
    await service.clock.advance(MINUTE_MS - 1)
    expect(await service.fails(getMaterialStats, STATS)).toMatchObject({ code: 'WECHAT_QUOTA' })
    expect(service.calls('material/get_materialcount')).toBe(1)
    await service.clock.advance(1)
    await service.ok(getMaterialStats, STATS)
  })
})

describe('a call that WeChat is too busy for', () => {
  it.each([
    ['-1', { kind: 'errcode', errcode: -1 }],
    ['HTTP 500', { kind: 'status', status: 500 }],
    ['a reset connection', { kind: 'reset-before' }],
  ] as const)('is made again after %s', async (_what, fault) => {
    await using service = await world()
    await service.ok(listMaterials, { query: { type: 'image' } })
    service.control.addFault({ path: COUNT, times: 2, ...fault })
    expect(await service.drive(service.ok(getMaterialStats, STATS))).toMatchObject({
      data: { image_count: 0 },
    })
  })

  it('is given up after three tries', async () => {
    await using service = await world()
    refuse(service, COUNT, -1)
    const problem = await service.drive(service.fails(getMaterialStats, STATS))
    expect(problem).toMatchObject({ code: 'WECHAT_BUSY', wechat: { errcode: -1 } })
    expect(service.calls('material/get_materialcount')).toBe(3)
  })

  it('is made again within seconds, never at the same moment', async () => {
    const pauses = await Promise.all(
      [1, 2, 3].map(async seed => {
        await using service = await world({ seed })
        refuse(service, COUNT, -1)
        const begin = service.clock.now()
        await service.drive(service.fails(getMaterialStats, STATS))
        return service.clock.now() - begin
      }),
    )
    expect(new Set(pauses).size).toBe(3)
    expect(Math.max(...pauses)).toBeLessThan(1_500)
  })

  it('is not made again when the run is about to end', async () => {
    await using service = await world()
    await service.ok(listMaterials, { query: { type: 'image' } })
    refuse(service, COUNT, -1)
    const asked = service.fails(getMaterialStats, { ...STATS, limitMs: 1_501 })
    expect(await service.drive(asked)).toMatchObject({ code: 'WECHAT_BUSY' })
    expect(service.calls('material/get_materialcount')).toBeLessThan(3)
  })

  it.each([48001, 45061])('is not made again for %i, which does not pass within seconds', async errcode => {
    await using service = await world()
    refuse(service, COUNT, errcode)
    await service.fails(getMaterialStats, STATS)
    expect(service.calls('material/get_materialcount')).toBe(1)
  })
})

describe('a write', () => {
  it('is made again after -1: WeChat did nothing', async () => {
    await using service = await world()
    const body = await article(service)
    refuse(service, '/cgi-bin/draft/add', -1, 2)
    await service.drive(service.ok(createArticle, { body }))
    expect(service.calls('draft/add')).toBe(3)
    expect(service.control.ledger().filter(({ kind }) => kind === 'draft/add')).toHaveLength(1)
  })

  it.each(['accept-then-reset', 'status', 'empty', 'truncate', 'html'] as const)(
    'is never made again after %s: it may have happened',
    async kind => {
      await using service = await world()
      const body = await article(service)
      service.control.addFault({ path: '/cgi-bin/draft/add', kind, times: 1, executed: true })
      const problem = await service.drive(service.fails(createArticle, { body }))
      expect(problem).toMatchObject({ code: 'WECHAT_UNCLEAR' })
      expect(service.calls('draft/add')).toBe(1)
    },
  )

  it('with a file is not made again here: uploads have their own pauses', async () => {
    await using service = await world()
    refuse(service, ADD, -1)
    expect(await service.fails(uploadMaterial, image)).toMatchObject({ code: 'WECHAT_BUSY' })
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('of a stored upload is made five times in all before it counts as poison, not fifteen', async () => {
    await using service = await world()
    refuse(service, ADD, -1)
    const opened = await openAndPost(service)
    await service.deliver()
    for (let minute = 0; minute < 60; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', attempts: 5 })
    expect(service.calls('material/add_material')).toBe(5)
  })
})

describe('a fault of the account', () => {
  it.each([48003, 53404])('that stops nothing (%i) is shown for an hour', async errcode => {
    await using service = await world()
    refuse(service, COUNT, errcode, 1)
    await service.fails(getMaterialStats, STATS)
    const ask = { params: { appId: APP_ID }, query: { counts: 'false' } }
    const { data } = await service.ok(getAccount, ask)
    expect(data.health).toMatchObject({
      state: 'DEGRADED',
      last_error: { endpoint: 'material/get_materialcount', wechat: { errcode, rid: expect.any(String) } },
    })
    await service.clock.advance(60 * MINUTE_MS)
    expect((await service.ok(getAccount, ask)).data.health).toMatchObject({ state: 'OK' })
  })

  it('that every call meets writes one row a minute', async () => {
    await using service = await world()
    refuse(service, COUNT, 48003)
    for (let call = 0; call < 5; call++) await service.fails(getMaterialStats, STATS)
    expect(await service.table.get({ pk: `PARK#${APP_ID}`, sk: '!fault' })).toMatchObject({ version: 1 })
  })
})
