import { expect, it } from 'vitest'
import { eraseFanMedia } from '../../functions/eraseFanMedia.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { listTemporaryMedia } from '../../functions/listTemporaryMedia.ts'
import { mirrorTemporaryMedia } from '../../functions/mirrorTemporaryMedia.ts'
import { renewTemporaryMedia } from '../../functions/renewTemporaryMedia.ts'
import { openidHash } from '../../shared/domain/temporary/openidHash.ts'
import { temporaryKey } from '../../shared/domain/temporary/temporaryRow.ts'
import { trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import { fileBytes } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { rowOf, seen } from '../support/temporary.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const OPENID = 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY'
const DAY_MS = 86_400_000
const hashOf = (service: World, openid = OPENID) => openidHash(service.ports, { appId: APP_ID, openid })
const erase = (service: World) => service.ok(eraseFanMedia, { body: { openid: OPENID } })

it('takes away copies and traces of one fan, of no other, and they stay away', async () => {
  await using service = await world()
  const openid_hash = await hashOf(service)
  const [first, second] = [
    await seen(service, fileBytes('jpg'), { openidHash: openid_hash }),
    await seen(service, fileBytes('amr'), { openidHash: openid_hash, type: 'voice' }),
  ]
  const other = await seen(service, fileBytes('png'), { openidHash: await hashOf(service, `${OPENID}2`) })
  await service.mirror()
  const pending = await seen(service, fileBytes('gif'), { openidHash: openid_hash })
  const keys = await Promise.all([first, second].map(async id => (await rowOf(service, id)).file?.object_key ?? ''))
  expect(await erase(service)).toEqual({ data: { erased: 3 } })
  for (const key of keys) expect(await service.objects.head(key)).toBeUndefined()
  const rows = await service.table.list(`MED#${APP_ID}`, { limit: 99, where: { state: 'ERASED' } })
  expect(rows.items).toHaveLength(3)
  expect(JSON.stringify(rows)).not.toContain(openid_hash)
  // Late deliveries, readers and the mirror find nothing.
  await trackMedia(service.ports, { appId: APP_ID, mediaId: first, source: 'fan', openidHash: openid_hash })
  await service.mirror()
  for (const mediaId of [first, pending]) {
    const gone = { code: 'MEDIA_NOT_FOUND' }
    expect(await service.fails(getTemporaryMedia, { params: { mediaId } })).toMatchObject(gone)
    expect(await service.fails(renewTemporaryMedia, { params: { mediaId } })).toMatchObject(gone)
  }
  expect(await erase(service)).toEqual({ data: { erased: 0 } })
  expect((await rowOf(service, other)).state).toBe('MIRRORED')
  const left = await service.ok(listTemporaryMedia, { query: { state: 'MIRRORED' } })
  expect(left.data.map(({ media_id }) => media_id)).toEqual([other])
})

it('takes later uploads of the same bytes, too', async () => {
  await using service = await world()
  const mediaId = await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
  await service.mirror()
  await service.clock.advance(3 * DAY_MS)
  const { data } = await service.drive(service.ok(renewTemporaryMedia, { params: { mediaId } }))
  expect(await erase(service)).toEqual({ data: { erased: 2 } })
  expect((await rowOf(service, data.media_id)).state).toBe('ERASED')
})

it('of a media that WeChat dropped long ago stays written down until late runs have ended', async () => {
  await using service = await world()
  const mediaId = await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
  await service.mirror()
  await service.clock.advance(40 * DAY_MS)
  expect(await erase(service)).toEqual({ data: { erased: 1 } })
  const row = await service.table.get(temporaryKey({ appId: APP_ID, mediaId }))
  expect((row?.ttl ?? 0) * 1000).toBeGreaterThan(row?.due?.at ?? Number.POSITIVE_INFINITY)
})

it('leaves no place in the order of expiry for good, also where a copy was under way', async () => {
  await using service = await world()
  await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
  const objects: typeof service.objects = {
    ...service.objects,
    async write(...args) {
      const written = await service.objects.write(...args)
      await erase(service)
      return written
    },
  }
  await service.drive(service.run(mirrorTemporaryMedia, { trigger: 'schedule' }, { ports: { objects } }))
  await service.clock.advance(16 * 60_000)
  await service.mirror()
  const { items } = await service.table.list<{ state: string }>(`MEDX#${APP_ID}`, { limit: 9 })
  expect(items.map(({ data, ttl }) => [data.state, ttl !== undefined])).toEqual([['ERASED', true]])
})

it('takes a copy away that lies under another day, for its age became known later', async () => {
  await using service = await world()
  const createdAt = service.clock.now() - DAY_MS
  const mediaId = await seen(service, fileBytes('jpg'), { createdAt: undefined, source: 'tracked' })
  await service.mirror()
  const key = (await rowOf(service, mediaId)).file?.object_key ?? ''
  await trackMedia(service.ports, {
    ...{ appId: APP_ID, mediaId, source: 'fan', createdAt, openidHash: await hashOf(service) },
  })
  expect(await erase(service)).toEqual({ data: { erased: 1 } })
  expect(await service.objects.head(key)).toBeUndefined()
})

it('wins over a copy that is under way', async () => {
  await using service = await world()
  const mediaId = await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
  let key = ''
  const objects = {
    ...service.objects,
    write: async (...args: Parameters<typeof service.objects.write>) => {
      const answer = await service.objects.write(...args)
      key = args[0]
      await erase(service)
      return answer
    },
  }
  await service.run(mirrorTemporaryMedia, { trigger: 'schedule' }, { ports: { objects } })
  expect(key).toContain(mediaId)
  expect(await service.objects.head(key)).toBeUndefined()
  expect((await rowOf(service, mediaId)).state).toBe('ERASED')
})

it('that dies at any step is completed by one more request', async () => {
  for (let step = 1; ; step++) {
    await using service = await world()
    const openidHash = await hashOf(service)
    const ids = [
      await seen(service, fileBytes('jpg'), { openidHash }),
      await seen(service, fileBytes('png'), { openidHash }),
    ]
    await service.mirror()
    const keys = await Promise.all(ids.map(async id => (await rowOf(service, id)).file?.object_key ?? ''))
    const dying = killable(service.ports, step, step % 2 === 0 ? 'before' : 'after')
    const run = service.ok(eraseFanMedia, { body: { openid: OPENID }, ports: dying.ports })
    const ended = await Promise.race([run, dying.died])
    await erase(service)
    for (const key of keys) expect(await service.objects.head(key)).toBeUndefined()
    for (const id of ids) expect((await rowOf(service, id)).state).toBe('ERASED')
    expect((await service.table.list(`MEDF#${APP_ID}#${openidHash}`, { limit: 9 })).items).toEqual([])
    if (ended !== 'died') break
    expect(step).toBeLessThan(60)
  }
})

it('is for admins, and refuses what is no openid', async () => {
  await using service = await world()
  const body = { openid: OPENID }
  expect(await service.fails(eraseFanMedia, { body, key: service.keys.write })).toMatchObject({ code: 'FORBIDDEN' })
  expect(await service.fails(eraseFanMedia, { body: { openid: 'a b' } })).toMatchObject({ code: 'INVALID_REQUEST' })
})
