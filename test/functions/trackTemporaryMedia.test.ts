import { expect, it } from 'vitest'
import { trackTemporaryMedia } from '../../functions/trackTemporaryMedia.ts'
import { fileBytes } from '../support/files.ts'
import { rowOf } from '../support/temporary.ts'
import { APP_ID, world } from '../support/world.ts'

const HOUR_MS = 3_600_000

it('makes a media known by its id alone, of unknown age; the mirror copies it', async () => {
  await using service = await world()
  const media_id = service.control.addFanMedia(APP_ID, { type: 'image', body: fileBytes('jpg') })
  const { data } = await service.ok(trackTemporaryMedia, { key: service.keys.write, body: { media_id } })
  const now = Math.floor(service.clock.now() / 1000)
  expect(data).toEqual({
    ...{ media_id, source: 'tracked', state: 'PENDING', age_known: false },
    ...{ created_at: now, expires_at: now + 3 * 86_400 },
  })
  expect(await service.mirror()).toMatchObject({ mirrored: 1 })
  const { data: after } = await service.ok(trackTemporaryMedia, { body: { media_id } })
  expect(after).toMatchObject({ state: 'MIRRORED', type: 'image', down_url: expect.any(String) })
})

it('takes type and time, later ones where they were not known', async () => {
  await using service = await world()
  const created_at = Math.floor(service.clock.now() / 1000) - 3600
  await service.ok(trackTemporaryMedia, { body: { media_id: 'aB-_9', hd: true } })
  await service.clock.advance(HOUR_MS)
  const { data } = await service.ok(trackTemporaryMedia, { body: { media_id: 'aB-_9', type: 'voice', created_at } })
  expect(data).toMatchObject({ type: 'voice', created_at, age_known: true })
  expect(await rowOf(service, 'aB-_9')).toMatchObject({ hd: true })
  expect((await service.table.list(`MEDX#${APP_ID}`, { limit: 9 })).items).toHaveLength(1)
})

it('of an id that WeChat does not know ends as lost', async () => {
  await using service = await world()
  await service.ok(trackTemporaryMedia, { body: { media_id: 'nobody' } })
  expect(await service.mirror()).toMatchObject({ lost: 1 })
})

it.each([
  [{}],
  [{ media_id: 'a b' }],
  [{ media_id: 'a', type: 'news' }],
  [{ media_id: 'a', created_at: 1_795_406_400_000 }],
  [{ media_id: 'a', source: 'fan' }],
])('refuses %j', async body => {
  await using service = await world()
  expect(await service.fails(trackTemporaryMedia, { body })).toMatchObject({ code: 'INVALID_REQUEST' })
})
