import { describe, expect, it } from 'vitest'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { renewTemporaryMedia } from '../../functions/renewTemporaryMedia.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import type { Table } from '../../shared/ports/table.ts'
import { unconditional } from '../support/brokenTables.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { behind } from '../support/library.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { rowOf, seen } from '../support/temporary.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ask = (mediaId: string) => ({ params: { mediaId } })
const uploads = (service: World) => service.control.ledger(APP_ID).filter(entry => entry.kind === 'media/upload')

async function bytesOf(service: World, mediaId: string): Promise<Buffer> {
  const answer = await service.ok(getTemporaryMedia, ask(mediaId))
  return (await behind(service, 'video_url' in answer ? answer.video_url : answer.down_url)).bytes
}

describe('renewing', () => {
  it('answers the same media_id while it has more than twelve hours', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'))
    await service.clock.advance(60 * HOUR_MS - 1000)
    const { data } = await service.ok(renewTemporaryMedia, { ...ask(mediaId), key: service.keys.write })
    expect(data).toMatchObject({ media_id: mediaId, type: 'image', renewed: false })
    expect(uploads(service)).toEqual([])
  })

  it.each([
    ['image', 'png'],
    ['voice', 'amr'],
    ['video', 'mp4'],
    ['thumb', 'jpg'],
  ] as const)('after four days uploads the same bytes of a %s again, which WeChat then has', async (type, format) => {
    await using service = await world()
    const bytes = fileBytes(format, 5000)
    const mediaId = await seen(service, bytes, { type })
    await service.mirror()
    await service.clock.advance(4 * DAY_MS)
    const { data } = await service.drive(service.ok(renewTemporaryMedia, ask(mediaId)))
    expect(data).toMatchObject({ type, renewed: true })
    expect(data.media_id).not.toBe(mediaId)
    expect(uploads(service)).toMatchObject([{ media_id: data.media_id, type, sha256: sha256(bytes) }])
    expect(await rowOf(service, data.media_id)).toMatchObject({ state: 'MIRRORED', source: 'upload', age_known: true })
    // Both ids lead to the bytes, and each to the same successor.
    for (const id of [mediaId, data.media_id]) {
      expect(sha256(await bytesOf(service, id))).toBe(sha256(bytes))
      const again = await service.ok(renewTemporaryMedia, ask(id))
      expect(again.data.media_id).toBe(data.media_id)
    }
    expect(uploads(service)).toHaveLength(1)
  })

  it('of a media that WeChat has dropped before its time uploads it again, and its successor too', async () => {
    await using service = await world()
    const bytes = fileBytes('jpg', 900)
    const ids = [await seen(service, bytes)]
    await service.mirror()
    for (let round = 0; round < 2; round++) {
      service.control.deleteMedia(ids.at(-1) ?? '')
      const { data } = await service.drive(service.ok(renewTemporaryMedia, ask(ids[0] ?? '')))
      expect(data.renewed).toBe(true)
      ids.push(data.media_id)
    }
    expect(new Set(ids).size).toBe(3)
    expect(uploads(service).map(({ media_id }) => media_id)).toEqual(ids.slice(1))
    expect(sha256(await bytesOf(service, ids[0] ?? ''))).toBe(sha256(bytes))
  })

  it('does not wait for a WeChat that hangs when asked whether it has a media', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'))
    service.control.addFault({ path: '/cgi-bin/media/get', kind: 'hang' })
    const answer = service.ok(renewTemporaryMedia, ask(mediaId))
    await service.waitForFault('hang')
    await service.clock.advance(3_001)
    expect((await answer).data).toMatchObject({ media_id: mediaId, renewed: false })
  })

  it.each(['reset-before', 'truncate', 'html'] as const)(
    'goes by the age of a media while WeChat cannot say whether it has it: %s',
    async kind => {
      await using service = await world()
      const mediaId = await seen(service, fileBytes('jpg', 5000))
      await service.mirror()
      service.control.addFault({ path: '/cgi-bin/media/get', kind })
      const { data } = await service.drive(service.ok(renewTemporaryMedia, ask(mediaId)))
      expect(data).toMatchObject({ media_id: mediaId, renewed: false })
      expect(uploads(service)).toEqual([])
    },
  )

  it('goes on from renewal to renewal, whichever id is named, with one copy', async () => {
    await using service = await world()
    const ids = [await seen(service, fileBytes('jpg'))]
    await service.mirror()
    for (let round = 0; round < 3; round++) {
      await service.clock.advance(3 * DAY_MS)
      const named = ids[round % ids.length] ?? ''
      ids.push((await service.drive(service.ok(renewTemporaryMedia, ask(named)))).data.media_id)
    }
    expect(new Set(ids).size).toBe(4)
    const files = await Promise.all(ids.map(async id => (await rowOf(service, id)).file?.object_key))
    expect(new Set(files).size).toBe(1)
  })

  it('uploads once for ten callers at once; without conditional writes it would be more', async () => {
    const count = async (broken: boolean) => {
      await using service = await world()
      const mediaId = await seen(service, fileBytes('jpg'))
      await service.mirror()
      await service.clock.advance(3 * DAY_MS)
      const blind = unconditional(service.table)
      const put: Table['put'] = (draft, expected) =>
        (draft.pk.startsWith('MED#') ? blind : service.table).put(draft, expected)
      const ports = broken ? { table: { ...service.table, put } } : {}
      const calls = Array.from({ length: 10 }, () => service.ok(renewTemporaryMedia, { ...ask(mediaId), ports }))
      const answers = await service.drive(Promise.all(calls))
      if (!broken) expect(new Set(answers.map(({ data }) => data.media_id)).size).toBe(1)
      return uploads(service).length
    }
    expect(await count(false)).toBe(1)
    expect(await count(true)).toBeGreaterThan(1)
  })

  it('copies a media first that has no copy yet, and one that nobody tracked', async () => {
    await using service = await world()
    const tracked = await seen(service, fileBytes('jpg'), { createdAt: service.clock.now() - 70 * HOUR_MS })
    const unknown = service.control.addFanMedia(APP_ID, { type: 'image', body: fileBytes('png') })
    for (const mediaId of [tracked, unknown]) {
      expect((await service.ok(renewTemporaryMedia, ask(mediaId))).data).toMatchObject({ renewed: true })
      expect((await rowOf(service, mediaId)).state).toBe('MIRRORED')
    }
  })

  it('that fails can be tried again at once', async () => {
    await using service = await world()
    const mediaId = await seen(service, fileBytes('jpg'))
    await service.mirror()
    await service.clock.advance(3 * DAY_MS)
    service.control.addFault({ path: '/cgi-bin/media/upload', kind: 'errcode', errcode: -1, times: 1 })
    expect(await service.drive(service.fails(renewTemporaryMedia, ask(mediaId)))).toMatchObject({ status_code: 503 })
    expect((await service.drive(service.ok(renewTemporaryMedia, ask(mediaId)))).data.renewed).toBe(true)
  })

  it('of a media that is gone everywhere is 404; of one that WeChat does not take back it says so', async () => {
    await using service = await world()
    expect(await service.fails(renewTemporaryMedia, ask('nobody'))).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    const body = Buffer.concat([Buffer.from('#!SILK_V3', 'latin1'), Buffer.from([0xfe, 0x80])])
    const silk = await seen(service, body, { type: 'voice' })
    await service.mirror()
    await service.clock.advance(3 * DAY_MS)
    const refused = await service.drive(service.fails(renewTemporaryMedia, ask(silk)))
    expect(refused).toMatchObject({ code: 'FILE_TYPE_NOT_ALLOWED' })
  })

  it('of an upload through this service needs no call for its bytes', async () => {
    await using service = await world()
    const part = { name: 'media', filename: '日落.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg', 900) }
    const form = multipartBody([part])
    const { data } = await service.ok(uploadTemporaryMedia, { form })
    await service.clock.advance(4 * DAY_MS)
    const renewed = await service.drive(service.ok(renewTemporaryMedia, ask(data.media_id)))
    expect(await bytesOf(service, renewed.data.media_id)).toEqual(fileBytes('jpg', 900))
    expect(service.calls('media/get')).toBe(0)
    expect(uploads(service)).toHaveLength(2)
  })
})
