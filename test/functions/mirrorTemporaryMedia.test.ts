import { describe, expect, it } from 'vitest'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { mirrorTemporaryMedia } from '../../functions/mirrorTemporaryMedia.ts'
import { putAccount } from '../../functions/putAccount.ts'
import { renewTemporaryMedia } from '../../functions/renewTemporaryMedia.ts'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import type { NamedPorts } from '../../shared/core/ports.ts'
import { MirrorCall } from '../../shared/core/schemas/calls.ts'
import { findTemporary } from '../../shared/domain/temporary/temporaryRow.ts'
import { unconditional } from '../support/brokenTables.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { behind } from '../support/library.ts'
import { rowOf, seen } from '../support/temporary.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OTHER_APP = 'wxbbbbbbbbbbbbbbbb'
const SCHEDULE = { trigger: 'schedule' } as const

async function bytesOf(service: World, mediaId: string): Promise<Buffer> {
  const answer = await service.ok(getTemporaryMedia, { params: { mediaId } })
  return (await behind(service, 'video_url' in answer ? answer.video_url : answer.down_url)).bytes
}

const dayOf = (service: World): string => new Date(service.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/')

describe('a tracked media', () => {
  it.each([
    ['image', 'jpg', 300],
    ['image', 'png', 2 * MIB],
    ['voice', 'amr', 300],
    ['video', 'mp4', 10 * MIB],
  ] as const)(
    'of type %s as %s with %i bytes is copied whole and described for those who have only the bucket',
    async (type, format, size) => {
      await using service = await world()
      const bytes = fileBytes(format, size)
      const mediaId = await seen(service, bytes, { type, openidHash: '0f'.repeat(16) })
      const day = dayOf(service)
      const created = new Date(service.clock.now()).toISOString()
      await service.clock.advance(20 * HOUR_MS)
      expect(await service.mirror()).toEqual({ mirrored: 1, lost: 0, later: 0, handed_out: 0, removed: 0 })
      const row = await rowOf(service, mediaId)
      expect(row).toMatchObject({ state: 'MIRRORED', file: { size, sha256: sha256(bytes) }, attempts: 1 })
      expect(row.file?.object_key).toBe(`store/${APP_ID}/temporary/${day}/${mediaId}.${format}`)
      expect((await service.objects.head(row.file?.object_key ?? ''))?.metadata).toEqual({
        ...{ source: 'fan', created_at: created, openid_hash: '0f'.repeat(16), sha256: sha256(bytes) },
      })
      expect(service.metrics('MediaMirrored')).toEqual([1])
      await service.clock.advance(4 * DAY_MS)
      expect(sha256(await bytesOf(service, mediaId))).toBe(sha256(bytes))
      expect(service.calls('media/get')).toBe(1)
    },
  )

  it.each([
    ['#!SILK_V3', 'silk'],
    ['\x02#!SILK_V3', 'silk'],
    ['#!AMR-WB\n', 'amr'],
  ])('whose voice begins with %j is kept as %s, whatever WeChat calls it', async (magic, extension) => {
    await using service = await world()
    const body = Buffer.concat([Buffer.from(magic, 'latin1'), fileBytes('amr').subarray(6)])
    const mediaId = await seen(service, body, { type: 'voice' })
    await service.mirror()
    expect((await rowOf(service, mediaId)).file?.object_key.endsWith(`.${extension}`)).toBe(true)
    expect(await bytesOf(service, mediaId)).toEqual(body)
  })

  it('of the JS-SDK is kept in its better form, any other voice as media/get has it', async () => {
    await using service = await world()
    const speex = Buffer.from([0x80, 0xfe, 0x91, 0x00, 0xff, 0x12])
    const [recorded, plain] = [
      await seen(service, speex, { type: 'voice', kind: 'jssdk', hd: true }),
      await seen(service, fileBytes('amr'), { type: 'voice', hd: true }),
    ]
    await service.mirror()
    expect((await rowOf(service, recorded)).file).toMatchObject({ content_type: 'audio/speex' })
    expect(await bytesOf(service, recorded)).toEqual(speex)
    expect((await rowOf(service, plain)).file).toMatchObject({ content_type: 'audio/amr' })
    expect(service.calls('media/get/jssdk')).toBe(2)
  })

  it('that the service has itself is copied from there, without asking WeChat', async () => {
    await using service = await world()
    const bytes = fileBytes('jpg', 5000)
    await service.objects.write(`in/${APP_ID}/x.jpg`, bytes, { contentType: 'image/jpeg' })
    const mediaId = await seen(service, bytes, { source: 'upload', origin: `in/${APP_ID}/x.jpg`, filename: '日落.jpg' })
    await service.mirror()
    expect(service.calls('media/get')).toBe(0)
    expect((await rowOf(service, mediaId)).file).toMatchObject({ sha256: sha256(bytes), filename: '日落.jpg' })
    expect(await service.objects.head(`in/${APP_ID}/x.jpg`)).toBeUndefined()
  })

  it('is fetched from WeChat when our own object is gone', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'), { source: 'upload', origin: `in/${APP_ID}/gone.jpg` })
    await service.mirror()
    expect(await bytesOf(service, mediaId)).toEqual(fileBytes('jpg'))
  })

  it('that WeChat does not have any more is lost: once, counted, never asked for again', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'), { createdAt: service.clock.now() - 3 * DAY_MS })
    service.control.deleteMedia(mediaId)
    for (let run = 0; run < 3; run++) {
      await service.mirror()
      await service.clock.advance(HOUR_MS)
    }
    expect(await rowOf(service, mediaId)).toMatchObject({ state: 'LOST', error: { wechat: { errcode: 40007 } } })
    expect(service.metrics('MediaLost')).toEqual([1])
    expect(service.calls('media/get')).toBe(1)
  })

  it('that WeChat has dropped is kept when a run that died left its bytes in the store', async () => {
    await using service = await world()
    const bytes = fileBytes('amr', 900)
    const mediaId = await seen(service, bytes, { type: 'voice' })
    const dying: NamedPorts['objects'] = {
      ...service.objects,
      async write(...args) {
        await service.objects.write(...args)
        return new Promise<never>(() => undefined)
      },
    }
    const run = service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects: dying } })
    await service.drive(Promise.race([run, service.clock.sleep(4 * 60_000)]))
    service.control.deleteMedia(mediaId)
    expect(await service.mirror()).toMatchObject({ mirrored: 1, lost: 0 })
    const { state, file } = await rowOf(service, mediaId)
    expect([state, file?.sha256, file?.content_type]).toEqual(['MIRRORED', sha256(bytes), 'audio/amr'])
    expect(await bytesOf(service, mediaId)).toEqual(bytes)
  })

  it.each(['truncate', 'html', 'empty', 'reset-before'] as const)(
    'met by the fault %s is not kept in part, and copied by a later run',
    async kind => {
      await using service = await world()
      const mediaId = await seen(service, fileBytes('jpg', 2 * MIB))
      service.control.addFault({ path: '/cgi-bin/media/get', kind })
      await service.mirror()
      expect(await rowOf(service, mediaId)).toMatchObject({ state: 'PENDING', attempts: 1 })
      expect(await service.objects.head(`store/${APP_ID}/temporary/${dayOf(service)}/${mediaId}.jpg`)).toBeUndefined()
      service.control.clearFaults()
      await service.clock.advance(HOUR_MS)
      await service.mirror()
      expect(await bytesOf(service, mediaId)).toEqual(fileBytes('jpg', 2 * MIB))
    },
  )

  it('that WeChat hangs on holds up its run for a minute only', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'))
    service.control.addFault({ path: '/cgi-bin/media/get', kind: 'hang', times: 1 })
    const run = service.run(mirrorTemporaryMedia, SCHEDULE)
    await service.waitForFault('hang')
    await service.clock.advance(61_000)
    expect(await run).toMatchObject({ later: 1 })
    await service.clock.advance(HOUR_MS)
    expect(await service.mirror()).toMatchObject({ mirrored: 1 })
    expect(await bytesOf(service, mediaId)).toEqual(fileBytes('jpg'))
  })

  it('answered with an error JSON of the right content type is never stored', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'))
    service.control.addFault({ path: '/cgi-bin/media/get', kind: 'errcode', errcode: 45001, times: 1 })
    await service.mirror()
    expect(await rowOf(service, mediaId)).toMatchObject({ state: 'PENDING', error: { wechat: { errcode: 45001 } } })
  })

  it('that two runs see at once is fetched once; without conditional writes it would be twice', async () => {
    const fetched = async (broken: boolean) => {
      await using service = await world()
      await seen(service, fileBytes('jpg'))
      const ports = broken ? { table: unconditional(service.table) } : {}
      await service.drive(Promise.all([1, 2].map(() => service.run(mirrorTemporaryMedia, SCHEDULE, { ports }))))
      return service.calls('media/get')
    }
    expect(await fetched(false)).toBe(1)
    expect(await fetched(true)).toBe(2)
  })

  it('whose run dies at any step is copied by a later one, under one key', async () => {
    for (let step = 1; ; step++) {
      await using service = await world()
      const mediaId = await seen(service, fileBytes('jpg'), { openidHash: '0f' })
      const dying = killable(service.ports, step, step % 2 === 0 ? 'before' : 'after')
      const run = service.run(mirrorTemporaryMedia, SCHEDULE, { ports: dying.ports })
      if ((await service.drive(Promise.race([run, dying.died]))) !== 'died') break
      await service.clock.advance(10 * 60_000)
      await service.mirror()
      expect(await bytesOf(service, mediaId)).toEqual(fileBytes('jpg'))
      expect(step).toBeLessThan(40)
    }
  })
})

describe('the mirror', () => {
  it('copies the nearest deadlines first when a quota ends the day', async () => {
    await using service = await world({ account: { quotas: { '/cgi-bin/media/get': 20 } } })
    const ids: string[] = []
    for (let index = 0; index < 60; index++) {
      const age = (index * 7) % 60
      const createdAt = service.clock.now() - age * (HOUR_MS / 2)
      ids[age] = await seen(service, fileBytes('jpg', 300, index), { createdAt })
    }
    const mirrored = async () => {
      const states = await Promise.all(ids.map(async id => (await rowOf(service, id)).state))
      return states.flatMap((state, age) => (state === 'MIRRORED' ? [age] : []))
    }
    const from = (age: number) => Array.from({ length: 60 - age }, (_, index) => age + index)
    await service.mirror()
    expect(await mirrored()).toEqual(from(40))
    const asked = service.calls('media/get')
    await service.clock.advance(HOUR_MS)
    await service.mirror()
    expect(service.calls('media/get')).toBe(asked)
    // The day of quotas ends at midnight in Beijing.
    await service.clock.advance(DAY_MS)
    await service.mirror()
    expect(await mirrored()).toEqual(from(20))
  })

  it('is not held up by an account that cannot call WeChat', async () => {
    await using service = await world()
    await service.addAccount(OTHER_APP)
    for (let index = 0; index < 30; index++) {
      await seen(service, fileBytes('jpg', 300, index), { appId: OTHER_APP, createdAt: service.clock.now() - HOUR_MS })
    }
    service.control.putAccount({ appId: OTHER_APP, revoked: true })
    const mediaId = await seen(service, fileBytes('jpg'))
    expect(await service.mirror()).toMatchObject({ mirrored: 1, later: 30 })
    expect((await rowOf(service, mediaId)).state).toBe('MIRRORED')
  })

  it('hands out what is more than one run can do, by one look at the index', async () => {
    await using service = await world()
    const ids: string[] = []
    for (let index = 0; index < 1200; index++) ids.push(await seen(service, fileBytes('jpg', 40, index)))
    let looks = 0
    let reads = 0
    const table = {
      ...service.table,
      due: (...args: Parameters<typeof service.table.due>) => {
        looks++
        return service.table.due(...args)
      },
      get: <T>(...args: Parameters<typeof service.table.get<T>>) => {
        if (args[0].pk.startsWith('MED#')) reads++
        return service.table.get<T>(...args)
      },
    }
    const report = await service.drive(service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { table } }))
    expect(report).toMatchObject({ mirrored: 500, handed_out: 700 })
    // One look for each of its four queues, one read for each of its own media.
    expect([looks, reads]).toEqual([4, 500])
    await service.settled()
    const states = await Promise.all(ids.map(async id => (await rowOf(service, id)).state))
    expect(states.filter(state => state !== 'MIRRORED')).toEqual([])
    expect(service.calls('media/get')).toBe(1200)
  })

  it('of a hundred thousand gives a schedule’s share to fifty runs, none of which is long', async () => {
    await using service = await world()
    const waiting = Array.from({ length: 100_000 }, (_, at) => ({ pk: `MED#${APP_ID}`, sk: `m${at}`, at }))
    let looks = 0
    let reads = 0
    const table: typeof service.table = {
      ...service.table,
      async due(queue, _until, limit) {
        looks++
        return queue === 'mirror' ? waiting.slice(0, limit) : []
      },
      async get(key) {
        if (key.pk.startsWith('MED#')) reads++
        return undefined
      },
    }
    const sent: string[][] = []
    const invoker = {
      ...service.invoker,
      send: async (_id: string, payload: unknown) => {
        sent.push(MirrorCall.parse({ payload }).payload.map(({ mediaId }) => mediaId))
      },
    }
    const run = service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { table, invoker } })
    expect(await run).toMatchObject({ handed_out: 24_500 })
    expect([looks, reads, sent.length]).toEqual([4, 500, 49])
    expect(Math.max(...sent.map(batch => batch.length))).toBe(500)
    expect(sent.flat()).toEqual(waiting.slice(500, 25_000).map(({ sk }) => sk))
  })

  it('leaves for the next schedule what was handed out in vain', async () => {
    await using service = await world()
    for (let index = 0; index < 520; index++) await seen(service, fileBytes('jpg', 40, index))
    service.loseSends = true
    expect(await service.mirror()).toMatchObject({ mirrored: 500, handed_out: 20 })
    expect(await service.mirror()).toMatchObject({ mirrored: 20 })
  })

  it('hands out nothing while WeChat is down, and touches few', async () => {
    await using service = await world()
    for (let index = 0; index < 600; index++) await seen(service, fileBytes('jpg', 40, index))
    service.weChatIsDown = true
    const report = await service.mirror()
    expect(report).toMatchObject({ mirrored: 0, handed_out: 0 })
    expect(report).toHaveProperty(
      'later',
      expect.toSatisfy((later: number) => later <= 20),
    )
  })

  it('goes on with the most endangered while WeChat is down, however many others wait', async () => {
    await using service = await world()
    for (let index = 0; index < 20; index++) await seen(service, fileBytes('jpg', 40, index))
    await service.clock.advance(40 * HOUR_MS)
    for (let index = 20; index < 320; index++) await seen(service, fileBytes('jpg', 40, index))
    await service.clock.advance(30 * HOUR_MS)
    service.weChatIsDown = true
    for (let runs = 0; runs < 3; runs++) {
      await service.mirror()
      await service.clock.advance(5 * 60_000)
    }
    const ages = service.metrics('UnmirroredMediaAge')
    expect(ages).toHaveLength(3)
    expect(Math.min(...ages)).toBeGreaterThanOrEqual((70 * HOUR_MS) / 1000)
  })

  it('tries every five minutes at least in the last day, and within a run in the last half', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'))
    service.weChatIsDown = true
    const tries: { at: number; attempts: number }[] = []
    for (let minutes = 0; minutes < 3 * 24 * 60; minutes += 5) {
      await service.mirror()
      tries.push({ at: minutes, attempts: (await rowOf(service, mediaId)).attempts })
      await service.clock.advance(5 * 60_000 - (service.clock.now() % (5 * 60_000)))
    }
    const between = (from: number, to: number) => {
      const within = tries.filter(({ at }) => at >= from * 60 && at < to * 60)
      return (within.at(-1)?.attempts ?? 0) - (within[0]?.attempts ?? 0)
    }
    expect(between(10, 40)).toBeLessThan(40)
    expect(between(48.5, 60)).toBeGreaterThanOrEqual(11 * 12)
    expect(between(60, 71)).toBeGreaterThan(1.5 * between(49, 60))
  }, 60_000)

  it('measures how near the most endangered media is to its end, and says so a day and half a day before', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/media/get', kind: 'status', status: 503 })
    await service.mirror()
    const said = () =>
      service
        .lines()
        .filter(line => line.message.includes('near its end'))
        .map(line => line.level)
    for (const hours of [47, 61]) {
      await seen(service, fileBytes('jpg'), { createdAt: service.clock.now() - hours * HOUR_MS })
      await service.mirror()
    }
    const [none = 0, first = 0, second = 0] = service.metrics('UnmirroredMediaAge')
    expect([none, Math.floor(first / 3600), Math.floor(second / 3600)]).toEqual([0, 47, 61])
    expect(said()).toEqual(['error'])
    await service.clock.advance(2 * HOUR_MS)
  })

  it('removes copies whose time is over, with all their rows, unless the account has changed its mind', async () => {
    await using service = await world()
    const keep = (archive: unknown) =>
      service.ok(putAccount, { params: { appId: APP_ID }, appId: null, body: { archive } })
    await keep({ retention_days: 7, storage_class: 'STANDARD_IA' })
    const [first, second] = [
      await seen(service, fileBytes('jpg'), { openidHash: '0f' }),
      await seen(service, fileBytes('png')),
    ]
    await service.mirror()
    await service.ok(getTemporaryMedia, { params: { mediaId: second } })
    await service.clock.advance(7 * DAY_MS - HOUR_MS)
    expect(await service.mirror()).toMatchObject({ removed: 0 })
    const { file } = await rowOf(service, first)
    await service.clock.advance(HOUR_MS)
    await keep({ retention_days: 8 })
    expect(await service.mirror()).toMatchObject({ removed: 0 })
    await service.clock.advance(DAY_MS)
    await keep({ retention_days: 7 })
    expect(await service.mirror()).toMatchObject({ removed: 2 })
    expect(await service.objects.head(file?.object_key ?? '')).toBeUndefined()
    for (const pk of [`MED#${APP_ID}`, `MEDX#${APP_ID}`, `MEDF#${APP_ID}#0f`]) {
      expect((await service.table.list(pk, { limit: 9 })).items).toEqual([])
    }
  })
})

describe('a copy that later uploads share', () => {
  const keepFor = (service: World, retention_days: number) =>
    service.ok(putAccount, { params: { appId: APP_ID }, appId: null, body: { archive: { retention_days } } })
  const renew = (service: World, mediaId: string) =>
    service.drive(service.ok(renewTemporaryMedia, { params: { mediaId } }))

  it('stays for as long as the latest of them, and then goes with all rows', async () => {
    await using service = await world()
    await keepFor(service, 5)
    const bytes = fileBytes('jpg')
    const first = await seen(service, bytes)
    await service.mirror()
    const key = (await rowOf(service, first)).file?.object_key ?? ''
    await service.clock.advance(4 * DAY_MS)
    const second = (await renew(service, first)).data.media_id
    await service.clock.advance(3 * DAY_MS)
    const third = (await renew(service, second)).data.media_id
    expect(await service.mirror()).toMatchObject({ removed: 0 })
    await service.clock.advance(3 * DAY_MS)
    // The first one's own five days were over five days ago, the second one's a day ago.
    expect(await service.mirror()).toMatchObject({ removed: 1 })
    const object = await service.objects.read((await rowOf(service, third)).file?.object_key ?? '')
    expect(object && Buffer.concat(await object.body.toArray())).toEqual(bytes)
    const fourth = (await renew(service, third)).data.media_id
    await service.clock.advance(5 * DAY_MS)
    // Both the last two and, once nobody shares with it, the first.
    await service.mirror()
    await service.mirror()
    expect(await service.objects.head(key)).toBeUndefined()
    for (const mediaId of [first, second, third, fourth]) {
      expect(await findTemporary(service.table, { appId: APP_ID, mediaId })).toBeUndefined()
    }
  })

  it('is not uploaded again once it is being removed, nor removed while it is uploaded', async () => {
    await using service = await world()
    await keepFor(service, 4)
    const mediaId = await seen(service, fileBytes('jpg'))
    await service.mirror()
    await service.clock.advance(4 * DAY_MS)
    const objects: NamedPorts['objects'] = {
      ...service.objects,
      async remove(...args) {
        expect(await service.fails(renewTemporaryMedia, { params: { mediaId } })).toMatchObject({ status_code: 404 })
        return service.objects.remove(...args)
      },
    }
    const wechat: NamedPorts['wechat'] = {
      ...service.wechat,
      media: appId => ({
        ...service.wechat.media(appId),
        async upload(...args) {
          expect(await service.mirror()).toMatchObject({ removed: 0 })
          return service.wechat.media(appId).upload(...args)
        },
      }),
    }
    const { data } = await service.drive(service.ok(renewTemporaryMedia, { params: { mediaId }, ports: { wechat } }))
    expect(await service.mirror()).toMatchObject({ removed: 0 })
    await service.clock.advance(4 * DAY_MS)
    const run = () => service.drive(service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects } }))
    await run()
    await run()
    for (const id of [mediaId, data.media_id]) {
      expect(await findTemporary(service.table, { appId: APP_ID, mediaId: id })).toBeUndefined()
    }
  })
})

const FORMATS: FileFormat[] = ['jpg', 'png', 'gif']
it('copies many media of many accounts, each to its own place', async () => {
  await using service = await world()
  await service.addAccount(OTHER_APP)
  const all: [string, string, Buffer][] = []
  for (let index = 0; index < 60; index++) {
    const appId = index % 3 === 0 ? OTHER_APP : APP_ID
    const bytes = fileBytes(FORMATS[index % 3] ?? 'jpg', 500, index)
    all.push([appId, await seen(service, bytes, { appId }), bytes])
  }
  expect(await service.mirror()).toMatchObject({ mirrored: 60 })
  for (const [appId, mediaId, bytes] of all) {
    const { file } = await rowOf(service, mediaId, appId)
    expect(file?.object_key).toContain(`store/${appId}/`)
    expect(file?.sha256).toBe(sha256(bytes))
  }
})
