import { expect, it } from 'vitest'
import { listTemporaryMedia } from '../../functions/listTemporaryMedia.ts'
import { trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { behind } from '../support/library.ts'
import { rowOf, seen } from '../support/temporary.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const HOUR_MS = 3_600_000
const PATH = `MEDX#${APP_ID}`

/** The ids of all pages, and the pages' lengths. */
async function all(service: World, query: Record<string, string>): Promise<{ ids: string[]; pages: number[] }> {
  const ids: string[] = []
  const pages: number[] = []
  let cursor: string | null | undefined
  do {
    const page: { data: { media_id: string }[]; next_cursor: string | null } = await service.ok(listTemporaryMedia, {
      key: service.keys.read,
      query: { ...query, ...(cursor && { cursor }) },
    })
    ids.push(...page.data.map(item => item.media_id))
    pages.push(page.data.length)
    cursor = page.next_cursor
  } while (cursor !== null)
  return { ids, pages }
}

/** Media of these ages in hours; answers their ids. */
const ofAges = (service: World, ages: number[]) =>
  Promise.all(
    ages.map((age, index) =>
      seen(service, fileBytes('jpg', 300, index), { createdAt: service.clock.now() - age * HOUR_MS }),
    ),
  )

it('is empty where nothing is tracked', async () => {
  await using service = await world()
  expect(await service.ok(listTemporaryMedia)).toEqual({ data: [], next_cursor: null })
})

it('has the soonest expiry first, then what has expired, latest first, on pages of any size', async () => {
  await using service = await world()
  const [young, old, dying, dead, longDead] = await ofAges(service, [1, 50, 71, 73, 200])
  const expected = [dying, old, young, dead, longDead]
  for (const limit of ['1', '2', '3', '5', '100']) {
    expect((await all(service, { limit })).ids).toEqual(expected)
  }
})

it('keeps past and future apart where a media expires between two pages', async () => {
  await using service = await world()
  const [second, first] = await ofAges(service, [71.5, 71.9])
  const page = await service.ok(listTemporaryMedia, { query: { limit: '1' } })
  await service.clock.advance(HOUR_MS)
  const rest = await service.ok(listTemporaryMedia, { query: { limit: '5', cursor: page.next_cursor ?? '' } })
  expect([page, rest].flatMap(({ data }) => data.map(item => item.media_id))).toEqual([first, second])
})

it('shows the copy, and why there is none', async () => {
  await using service = await world()
  const bytes = fileBytes('png', 400)
  const kept = await seen(service, bytes, { createdAt: service.clock.now() - HOUR_MS })
  const lost = await seen(service, bytes)
  service.control.deleteMedia(lost)
  await service.mirror()
  const { data } = await service.ok(listTemporaryMedia)
  expect(data).toMatchObject([
    { media_id: kept, type: 'image', source: 'fan', state: 'MIRRORED', size: 400, sha256: sha256(bytes) },
    { media_id: lost, state: 'LOST', error: { code: 'MEDIA_NOT_FOUND', wechat: { errcode: 40007 } } },
  ])
  expect(data[0]).toMatchObject({ expires_at: (data[0]?.created_at ?? 0) + 3 * 86_400, age_known: true })
  expect((await behind(service, data[0]?.down_url ?? '')).bytes).toEqual(bytes)
  expect(data[1]).not.toHaveProperty('down_url')
})

it('filters by source and state', async () => {
  await using service = await world()
  const fan = await seen(service, fileBytes('jpg'))
  await service.mirror()
  const tracked = await seen(service, fileBytes('jpg'), { source: 'tracked' })
  expect((await all(service, { source: 'fan' })).ids).toEqual([fan])
  expect((await all(service, { state: 'PENDING' })).ids).toEqual([tracked])
  expect((await all(service, { state: 'MIRRORED', source: 'tracked' })).ids).toEqual([])
  expect(await service.fails(listTemporaryMedia, { query: { state: 'GONE' } })).toMatchObject({ status_code: 400 })
})

it('passes over what a crash left behind, and over a place that a media has left', async () => {
  await using service = await world()
  const dying = killable(service.ports, 2, 'after')
  const sighting = { appId: APP_ID, mediaId: 'half', source: 'fan' as const, createdAt: service.clock.now() }
  void trackMedia({ ...service.ports, ...dying.ports }, sighting)
  await dying.died
  expect((await service.table.list(PATH, { limit: 9 })).items).toHaveLength(1)
  expect((await all(service, {})).ids).toEqual([])
})

it.each(['x', 'next.1', 'later.1.abc', 'past.123.!'])('refuses the cursor %j', async cursor => {
  await using service = await world()
  expect(await service.fails(listTemporaryMedia, { query: { cursor } })).toMatchObject({ code: 'INVALID_REQUEST' })
})

it('is of one account only', async () => {
  await using service = await world()
  await service.addAccount('wxbbbbbbbbbbbbbbbb')
  const mediaId = await seen(service, fileBytes('jpg'), { appId: 'wxbbbbbbbbbbbbbbbb' })
  expect((await all(service, {})).ids).toEqual([])
  expect((await rowOf(service, mediaId, 'wxbbbbbbbbbbbbbbbb')).state).toBe('PENDING')
})
