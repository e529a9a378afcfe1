/** The same bytes of the same account and type get the same media_id, whoever comes when and whatever dies. */
import { describe, expect, it } from 'vitest'
import { createUpload } from '../../functions/createUpload.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { forwardUpload } from '../../functions/forwardUpload.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { AppError } from '../../shared/core/errors.ts'
import { uploadKey } from '../../shared/domain/uploads/uploadRow.ts'
import type { WeChat } from '../../shared/ports/wechat.ts'
import { unconditional } from '../support/brokenTables.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { type Opened, open, openAndPost, view, type Wanted } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const ADD = '/cgi-bin/material/add_material'
const GET = '/cgi-bin/material/get_material'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BYTES = fileBytes('jpg', 5_000, 42)
const SAME: Wanted = { bytes: BYTES }
const DECLARED: Wanted = { bytes: BYTES, declared: { sha256: sha256(BYTES) } }

async function stored(service: World, wanted: Wanted = SAME) {
  const opened = await openAndPost(service, wanted)
  await service.deliver()
  return view(service, opened)
}

async function sweepFor(service: World, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
  }
}

const form = (seed = 42, filename = '日落.jpg'): Ask => {
  const file = { name: 'media', filename, contentType: 'image/jpeg', bytes: fileBytes('jpg', 5_000, seed) }
  return { params: { type: 'image' }, form: multipartBody([file]) }
}

/** Writes that the table took for an upload of this account: every row counts its own. */
async function writesOf(service: World): Promise<number> {
  const partitions = ['UPL', 'HASH', 'MAT', 'LIB'].map(kind => service.table.list(`${kind}#${APP_ID}`, { limit: 100 }))
  const rows = (await Promise.all(partitions)).flatMap(({ items }) => items)
  return rows.reduce((sum, { version }) => sum + version, 0)
}

describe('the same file again', () => {
  it.each([
    ['without a declared hash', SAME, SAME],
    ['with a hash declared later', SAME, DECLARED],
    ['with a hash declared first', DECLARED, SAME],
  ])('%s gets the media_id of the first', async (_what, first, second) => {
    await using service = await world()
    const one = await stored(service, first)
    const opened = await service.ok(createUpload, {
      body: { type: 'image', filename: '同.jpg', size: BYTES.length, ...second.declared },
    })
    if ('method' in opened.data) {
      await service.post(opened.data, BYTES)
      await service.deliver()
    }
    const two = await view(service, { uploadId: opened.data.upload_id, appId: undefined, bytes: BYTES, fields: {} })
    expect(two).toMatchObject({ state: 'STORED', media_id: one.media_id, url: one.url, reused: true, attempts: 0 })
    expect(one.reused).toBeUndefined()
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('with a declared hash is finished at once and no byte travels', async () => {
    await using service = await world()
    const one = await stored(service)
    const { data } = await service.ok(createUpload, {
      body: { type: 'image', filename: '同.jpg', size: BYTES.length, sha256: sha256(BYTES) },
    })
    expect(data).toMatchObject({ state: 'STORED', media_id: one.media_id, reused: true })
    expect('method' in data).toBe(false)
  })

  it('costs no more than five table writes the first time, one of them for the counts of the library, two the second', async () => {
    await using service = await world()
    const before = await writesOf(service)
    await stored(service)
    const first = await writesOf(service)
    await stored(service)
    expect([first - before <= 5, (await writesOf(service)) - first]).toEqual([true, 2])
  })

  it('leaves no posted bytes behind', async () => {
    await using service = await world()
    await stored(service)
    const { fields } = await openAndPost(service, SAME)
    await service.deliver()
    expect(await service.objects.head(fields['key'] ?? '')).toBeUndefined()
  })

  it('is sent again with force, and is what later ones get', async () => {
    await using service = await world()
    const one = await stored(service)
    const two = await stored(service, { ...SAME, declared: { force: true } })
    expect([two.state, two.reused, two.media_id === one.media_id]).toEqual(['STORED', undefined, false])
    expect(await stored(service)).toMatchObject({ media_id: two.media_id, reused: true })
    expect(service.materials()).toHaveLength(2)
  })

  it('that was forced and refused is still known by what was stored before', async () => {
    await using service = await world()
    const one = await stored(service)
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40007, times: 1 })
    expect(await stored(service, { ...SAME, declared: { force: true } })).toMatchObject({ state: 'REJECTED' })
    expect(await stored(service)).toMatchObject({ media_id: one.media_id, reused: true })
    expect(service.materials()).toHaveLength(1)
  })

  it.each([
    ['at once by WeChat', { kind: 'errcode', errcode: 40007, times: 1 }, 1],
    ['by the sweeper, when no answer can be read', { kind: 'html' }, 30],
  ] as const)(
    'that was forced and refused %s leaves the row of the first for good again',
    async (_who, fault, minutes) => {
      await using service = await world()
      const one = await stored(service)
      const [first] = (await service.table.list(`UPL#${APP_ID}`, { limit: 9 })).items
      if (!first) throw new Error('no upload')
      const ttl = async () => (await service.table.get(first))?.ttl
      service.control.addFault({ path: ADD, ...fault })
      const forced = await openAndPost(service, { ...SAME, declared: { force: true } })
      const ends: (number | undefined)[] = []
      const table: typeof service.table = {
        ...service.table,
        async put(draft, expected, signal) {
          if (draft.pk === first.pk && draft.sk === first.sk) ends.push(draft.ttl)
          return service.table.put(draft, expected, signal)
        },
      }
      service.dropEvents()
      const hint = { trigger: 'call', payload: { app_id: APP_ID, upload_id: forced.uploadId } } as const
      await service.run(forwardUpload, hint, { ports: { table } })
      expect(ends[0]).toBeDefined()
      await sweepFor(service, minutes)
      expect(await view(service, forced)).toMatchObject({ state: 'REJECTED' })
      expect(await ttl()).toBeUndefined()
      service.control.clearFaults()
      expect(await stored(service)).toMatchObject({ media_id: one.media_id, reused: true })
    },
  )

  it('that was forced and refused is known by the first also before its claim is given back', async () => {
    await using service = await world()
    const one = await stored(service)
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40007, times: 1 })
    const forced = await openAndPost(service, { ...SAME, declared: { force: true } })
    service.dropEvents()
    let puts = 0
    const table: typeof service.table = {
      ...service.table,
      put: async (draft, expected, signal) => {
        // The claim is taken, and never given back.
        if (draft.pk.startsWith('HASH#') && ++puts > 1) throw new AppError('STORE_UNAVAILABLE', 'The table is away.')
        return service.table.put(draft, expected, signal)
      },
    }
    const hint = { trigger: 'call', payload: { app_id: APP_ID, upload_id: forced.uploadId } } as const
    await service.run(forwardUpload, hint, { ports: { table } })
    expect(await view(service, forced)).toMatchObject({ state: 'REJECTED' })
    expect(puts).toBe(2)
    expect(await stored(service)).toMatchObject({ media_id: one.media_id, reused: true })
    expect(service.materials()).toHaveLength(1)
  })

  it('that was forced and refused is still waited for while the first one is unclear', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const first = await openAndPost(service, SAME)
    await service.deliver()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40007, times: 1 })
    expect(await stored(service, { ...SAME, declared: { force: true } })).toMatchObject({ state: 'REJECTED' })
    const third = await openAndPost(service, SAME)
    await service.deliver()
    await sweepFor(service, 4)
    const { media_id } = await view(service, first)
    expect(await view(service, third)).toMatchObject({ state: 'STORED', media_id, reused: true })
    expect(service.materials()).toHaveLength(1)
  })

  it.each<[string, Wanted, Wanted]>([
    ['as another type', { ...SAME, type: 'thumb' }, SAME],
    ['as temporary media', { ...SAME, declared: { permanent: false } }, SAME],
    ['in another account', { ...SAME, appId: 'wxaaaaaaaaaaaaaaaa' }, SAME],
    [
      'as a film under another title',
      { type: 'video', format: 'mp4', bytes: fileBytes('mp4', 900), declared: { title: '一' } },
      { type: 'video', format: 'mp4', bytes: fileBytes('mp4', 900), declared: { title: '二' } },
    ],
  ])('%s is another one', async (_what, first, second) => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa')
    await stored(service, first)
    const { state, reused } = await stored(service, second)
    expect([state, reused]).toEqual(['STORED', undefined])
  })

  it('as a film under the same title and introduction is the same', async () => {
    await using service = await world()
    const declared = { title: '题', introduction: '介' }
    const film: Wanted = { type: 'video', format: 'mp4', bytes: fileBytes('mp4', 900), declared }
    await stored(service, film)
    expect(await stored(service, film)).toMatchObject({ reused: true })
  })
})

describe('a temporary media', () => {
  const wanted: Wanted = { ...SAME, declared: { permanent: false } }

  it('is given again while it has twelve hours to live', async () => {
    await using service = await world()
    const one = await stored(service, wanted)
    expect(one.media_expires_at).toBe(service.clock.now() / 1000 + 3 * 86_400)
    await service.clock.advance(59 * HOUR_MS)
    expect(await stored(service, wanted)).toMatchObject({
      ...{ media_id: one.media_id, reused: true, media_expires_at: one.media_expires_at },
    })
    await service.clock.advance(2 * HOUR_MS)
    const late = await stored(service, wanted)
    expect([late.state, late.reused, late.media_id === one.media_id]).toEqual(['STORED', undefined, false])
  })
})

describe('a material that is gone', () => {
  it('by our own DELETE is uploaded anew', async () => {
    await using service = await world()
    const one = await stored(service)
    await service.ok(deleteMaterial, { params: { mediaId: one.media_id ?? '' }, query: { kind: 'material' } })
    const two = await stored(service)
    expect([two.state, two.reused, two.media_id === one.media_id]).toEqual(['STORED', undefined, false])
  })

  it('by a console user is uploaded anew, also with a declared hash', async () => {
    await using service = await world()
    const one = await stored(service)
    service.control.deleteMedia(one.media_id ?? '')
    const two = await stored(service, DECLARED)
    expect([two.state, two.reused, two.media_id === one.media_id]).toEqual(['STORED', undefined, false])
    service.control.deleteMedia(two.media_id ?? '')
    expect((await stored(service)).reused).toBeUndefined()
    expect(service.materials()).toHaveLength(3)
  })

  it('leaves a row that is collected like others, while the row of one that is there stays', async () => {
    await using service = await world()
    const one = await stored(service)
    const rowOf = (uploadId: string) => service.table.get(uploadKey(APP_ID, uploadId))
    expect((await rowOf(one.upload_id))?.ttl).toBeUndefined()
    service.control.deleteMedia(one.media_id ?? '')
    await stored(service)
    expect((await rowOf(one.upload_id))?.ttl).toBeGreaterThan(service.clock.now() / 1000)
  })
})

describe('whether it is gone', () => {
  it('waits for a WeChat that is away, and then reuses', async () => {
    await using service = await world()
    const one = await stored(service)
    const opened = await openAndPost(service, SAME)
    service.weChatIsDown = true
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', error: { code: 'WECHAT_UNREACHABLE' } })
    service.weChatIsDown = false
    await sweepFor(service, 2)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: one.media_id, reused: true })
  })

  it('waits until an account that is out of order is mended, and then reuses', async () => {
    await using service = await world()
    const one = await stored(service)
    service.control.putAccount({ appId: APP_ID, frozen: true })
    const opened = await openAndPost(service, SAME)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', error: { code: 'ACCOUNT_MISCONFIGURED' } })
    service.control.putAccount({ appId: APP_ID, frozen: false })
    await sweepFor(service, 125)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: one.media_id, reused: true })
  })

  it.each([
    [
      'waits for a table that throttles while the token is read, and then reuses',
      () => new AppError('STORE_UNAVAILABLE', 'The table is busy.'),
    ],
    [
      'is not decided by a run whose time is up: the next one asks',
      () => new DOMException('The run has ended.', 'AbortError'),
    ],
  ])('%s', async (_, failure) => {
    await using service = await world()
    const one = await stored(service)
    const opened = await openAndPost(service, SAME)
    const get = () => Promise.reject(failure())
    const wechat: WeChat = { ...service.wechat, material: appId => ({ ...service.wechat.material(appId), get }) }
    const hint = { trigger: 'call', payload: { app_id: APP_ID, upload_id: opened.uploadId } } as const
    service.dropEvents()
    await service.run(forwardUpload, hint, { ports: { wechat } })
    await sweepFor(service, 3)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: one.media_id, reused: true })
  })

  it('waits a minute when WeChat counts too many calls in this one', async () => {
    await using service = await world()
    const one = await stored(service)
    service.control.addFault({ path: GET, kind: 'errcode', errcode: 45011, times: 1 })
    const opened = await openAndPost(service, SAME)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', error: { code: 'WECHAT_QUOTA' } })
    await sweepFor(service, 3)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: one.media_id, reused: true })
  })

  it.each(['html', 'empty', 'accept-then-reset'] as const)(
    'is no reason to send the file again while WeChat answers nothing readable: %s',
    async kind => {
      await using service = await world()
      const one = await stored(service)
      service.control.addFault({ path: GET, kind })
      const opened = await openAndPost(service, SAME)
      await service.drive(service.deliver())
      await sweepFor(service, 3)
      expect(await view(service, opened)).toMatchObject({ state: 'PARKED' })
      service.control.clearFaults()
      await sweepFor(service, 3)
      expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: one.media_id, reused: true })
      expect(service.materials()).toHaveLength(1)
    },
  )

  it('is not waited for when the account may not fetch media', async () => {
    await using service = await world()
    await stored(service)
    service.control.putAccount({ appId: APP_ID, revoked: [GET] })
    const two = await stored(service)
    expect([two.state, two.reused]).toEqual(['STORED', undefined])
  })

  it('is not guessed when WeChat will not tell: a second material is better than a dead id', async () => {
    await using service = await world()
    const one = await stored(service)
    service.control.addFault({ path: GET, kind: 'errcode', errcode: 45009 })
    const two = await stored(service)
    expect([two.state, two.reused, two.media_id === one.media_id]).toEqual(['STORED', undefined, false])
  })

  it('is not waited for when WeChat hangs', async () => {
    await using service = await world()
    await stored(service)
    service.control.addFault({ path: GET, kind: 'hang' })
    const opening = open(service, DECLARED)
    await service.waitForFault('hang')
    await service.clock.advance(5_000)
    expect((await opening).fields['key']).toBeDefined()
  })

  it('does not hold up the opening of an upload', async () => {
    await using service = await world()
    await stored(service)
    service.control.addFault({ path: GET, kind: 'errcode', errcode: 45009 })
    const { fields } = await open(service, DECLARED)
    expect(fields['key']).toBeDefined()
  })
})

describe('the same file at once', () => {
  it('is sent once, and all get one media_id', async () => {
    await using service = await world()
    const all: Opened[] = []
    for (let at = 0; at < 8; at++) all.push(await openAndPost(service, at % 2 ? SAME : DECLARED))
    await service.deliver(2)
    await sweepFor(service, 3)
    const views = await Promise.all(all.map(opened => view(service, opened)))
    expect(new Set(views.map(({ state, media_id }) => `${state} ${media_id}`)).size).toBe(1)
    expect(views.filter(({ reused }) => reused)).toHaveLength(7)
    expect(service.materials()).toHaveLength(1)
  })

  it('is sent twice when the claim on the bytes has no condition (the twin)', async () => {
    await using service = await world()
    const one = await service.post(await open(service, SAME), BYTES)
    const two = await service.post(await open(service, SAME), BYTES)
    const table = {
      ...service.table,
      put: (...args: Parameters<typeof service.table.put>) =>
        (args[0].pk.startsWith('HASH#') ? unconditional(service.table) : service.table).put(...args),
    } as typeof service.table
    await service.drive(Promise.all([one, two].map(event => service.run(forwardUpload, event, { ports: { table } }))))
    expect(service.materials()).toHaveLength(2)
  })

  it('waits while the first is parked, for as long as it is', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 48001, times: 1 })
    const first = await openAndPost(service, SAME)
    await service.deliver()
    const second = await openAndPost(service, SAME)
    await service.deliver()
    expect(await view(service, first)).toMatchObject({ state: 'PARKED' })
    expect(await view(service, second)).toMatchObject({ state: 'PARKED', error: { code: 'SAME_BYTES_UPLOADING' } })
    await sweepFor(service, 63)
    expect(await view(service, first)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(await view(service, second)).toMatchObject({ state: 'STORED', reused: true, attempts: 0 })
    expect(service.calls('material/add_material')).toBe(2)
  })

  it('is sent by the second when the first is refused', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40007, times: 1 })
    expect(await stored(service)).toMatchObject({ state: 'REJECTED' })
    const second = await stored(service)
    expect([second.state, second.reused]).toEqual(['STORED', undefined])
  })

  for (const moment of ['before', 'after'] as const) {
    it.each([3, 4, 5, 6, 7, 8, 9, 10])(`ends although its first sender dies ${moment} its step %i`, async step => {
      await using service = await world()
      const event = await service.post(await open(service, SAME), BYTES)
      service.dropEvents()
      const first = killable(service.ports, step, moment)
      await Promise.race([first.died, service.run(forwardUpload, event, first)])
      const second = await openAndPost(service, SAME)
      await service.deliver()
      await sweepFor(service, 8)
      const { media_id } = await view(service, second)
      expect(service.materials()).toMatchObject([{ media_id, sha256: sha256(BYTES) }])
    })
  }
})

it('a declared hash that the posted bytes do not have gives nobody a foreign media_id', async () => {
  await using service = await world()
  const opened = await open(service, DECLARED)
  await stored(service, DECLARED)
  await service.post(opened, fileBytes('jpg', BYTES.length, 43))
  await service.deliver()
  expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', error: { code: 'FILE_CONTENT_MISMATCH' } })
  expect((await view(service, opened)).media_id).toBeUndefined()
})

describe('a direct upload', () => {
  it('of bytes that came through the store gets their media_id, and the other way round', async () => {
    await using service = await world()
    const one = await stored(service)
    const { data } = await service.ok(uploadMaterial, form())
    expect(data).toMatchObject({ media_id: one.media_id, url: one.url, reused: true })
    expect(data.upload_id).not.toBe(one.upload_id)
    const other = await service.ok(uploadMaterial, form(7))
    expect(await stored(service, { bytes: fileBytes('jpg', 5_000, 7) })).toMatchObject({
      ...{ media_id: other.data.media_id, reused: true },
    })
    expect(service.materials()).toHaveLength(2)
  })

  it('ten times at once is sent once', async () => {
    await using service = await world()
    const answers = await service.drive(
      Promise.all(Array.from({ length: 10 }, (_, at) => service.ok(uploadMaterial, form(42, `图${at}.jpg`)))),
    )
    expect(new Set(answers.map(({ data }) => data.media_id)).size).toBe(1)
    expect(new Set(answers.map(({ data }) => data.upload_id)).size).toBe(10)
    expect(service.materials()).toHaveLength(1)
  })

  it('with force is sent again', async () => {
    await using service = await world()
    await service.ok(uploadMaterial, form())
    const { data } = await service.ok(uploadMaterial, { ...form(), query: { force: 'true' } })
    expect(data.reused).toBeUndefined()
    expect(service.materials()).toHaveLength(2)
  })

  it('while another one is unclear is told to come again, and then gets the same id', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    await service.fails(uploadMaterial, form())
    const problem = await service.fails(uploadMaterial, form())
    expect(problem).toMatchObject({ code: 'SAME_BYTES_UPLOADING', status_code: 409 })
    await sweepFor(service, 1)
    const { data } = await service.ok(uploadMaterial, form())
    expect(data).toMatchObject({ media_id: service.materials()[0]?.media_id, reused: true })
    expect(service.materials()).toHaveLength(1)
  })

  it('that WeChat refused stands in nobody’s way', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40009, times: 1 })
    await service.fails(uploadMaterial, form())
    expect((await service.ok(uploadMaterial, form())).data.reused).toBeUndefined()
  })

  it.each(['before', 'after'] as const)(
    'that dies %s any of its steps stands in nobody’s way for long',
    async moment => {
      for (let step = 1; step <= 8; step++) {
        await using service = await world()
        const dying = killable(service.ports, step, moment)
        await Promise.race([dying.died, service.request(uploadMaterial, { ...form(), ports: dying.ports })])
        await sweepFor(service, 6)
        const { data } = await service.ok(uploadMaterial, form())
        expect(service.materials(), `step ${step}`).toMatchObject([{ media_id: data.media_id }])
      }
    },
  )
})
