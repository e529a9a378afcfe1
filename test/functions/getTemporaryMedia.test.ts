import { describe, expect, it } from 'vitest'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import type { MediaType } from '../../shared/ports/wechat.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { addMaterial, behind, mediaFile } from '../support/library.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000
const ask = (mediaId: string, query: Record<string, string> = {}): Ask => ({ params: { mediaId }, query })

async function upload(service: World, type: MediaType, format: FileFormat, size?: number): Promise<string> {
  const file = mediaFile(format, `临时.${format}`, fileBytes(format, size))
  return (await service.wechat.media(APP_ID).upload(type, file)).media_id
}

/** The answer's address, whichever it is. */
async function address(service: World, mediaId: string): Promise<string> {
  const answer = await service.ok(getTemporaryMedia, ask(mediaId))
  return 'video_url' in answer ? answer.video_url : answer.down_url
}

describe('a temporary media', () => {
  it('of type video has seed004’s video_url, which is ours, and comes back byte for byte', async () => {
    await using service = await world()
    const answer = await service.ok(getTemporaryMedia, ask(await upload(service, 'video', 'mp4', 10 * MIB)))
    const seed = JSON.parse('{"video_url":"DOWN_URL"}')
    expect(Object.keys(answer)).toEqual(expect.arrayContaining(Object.keys(seed)))
    expect(answer).toMatchObject({ content_type: 'video/mp4', size: 10 * MIB })
    if (!('video_url' in answer)) throw new Error('no video')
    expect(sha256((await behind(service, answer.video_url)).bytes)).toBe(sha256(fileBytes('mp4', 10 * MIB)))
  })

  it.each([
    ['image', 'png', 'image/png'],
    ['voice', 'amr', 'audio/amr'],
    ['voice', 'mp3', 'audio/mpeg'],
    ['thumb', 'jpg', 'image/jpeg'],
  ] as const)('of type %s as %s has a down_url', async (type, format, contentType) => {
    await using service = await world()
    const mediaId = await upload(service, type, format)
    const answer = await service.ok(getTemporaryMedia, { ...ask(mediaId), key: service.keys.read })
    expect(answer).toMatchObject({ down_url: expect.any(String), content_type: contentType })
    const got = await behind(service, await address(service, mediaId))
    expect(got.bytes).toEqual(fileBytes(format))
    expect(got.key).toMatch(new RegExp(`^store/${APP_ID}/temporary/\\d{4}/\\d{2}/\\d{2}/${mediaId}\\.${format}$`))
    expect(got.disposition).toContain(`filename="${mediaId}.${format}"`)
  })

  it('of a fan that says amr and holds SILK is kept as silk', async () => {
    await using service = await world()
    const body = Buffer.concat([Buffer.from('\x02#!SILK_V3', 'latin1'), Buffer.from([0xfe, 0x91, 0x00, 0xff])])
    const mediaId = service.control.addFanMedia(APP_ID, { type: 'voice', body })
    const answer = await service.ok(getTemporaryMedia, ask(mediaId))
    expect(answer).toMatchObject({ content_type: 'audio/silk' })
    expect((await behind(service, await address(service, mediaId))).bytes).toEqual(body)
  })

  it('outlives its three days once it was asked for', async () => {
    await using service = await world()
    const [kept, lost] = [await upload(service, 'image', 'jpg'), await upload(service, 'image', 'jpg')]
    await address(service, kept)
    await service.clock.advance(4 * DAY_MS)
    expect((await behind(service, await address(service, kept))).bytes).toEqual(fileBytes('jpg'))
    expect(service.calls('media/get')).toBe(1)
    expect(await service.drive(service.fails(getTemporaryMedia, ask(lost)))).toMatchObject({
      code: 'MEDIA_NOT_FOUND',
      wechat: { errcode: 40007 },
    })
  })

  it('asked for by two around midnight leaves one copy', async () => {
    await using service = await world()
    const mediaId = await upload(service, 'image', 'jpg')
    const written: string[] = []
    const objects = {
      ...service.objects,
      write: async (...args: Parameters<typeof service.objects.write>) => {
        written.push(args[0])
        const answer = await service.objects.write(...args)
        if (written.length === 1) {
          await service.clock.advance(DAY_MS)
          await service.ok(getTemporaryMedia, { ...ask(mediaId), ports: { objects } })
        }
        return answer
      },
    }
    const answer = await service.ok(getTemporaryMedia, { ...ask(mediaId), ports: { objects }, limitMs: 2 * DAY_MS })
    // The row of the first says where, whatever the day.
    expect(written).toEqual([written[0], written[0]])
    expect(await service.objects.head(written[0] ?? '')).toBeDefined()
    if (!('down_url' in answer)) throw new Error('no file')
    expect((await behind(service, answer.down_url)).bytes).toEqual(fileBytes('jpg'))
  })

  it('is redirected to by ?redirect=1', async () => {
    await using service = await world()
    const { status, headers } = await service.request(
      getTemporaryMedia,
      ask(await upload(service, 'image', 'gif'), { redirect: '1' }),
    )
    expect(status).toBe(302)
    expect((await behind(service, headers.get('location') ?? '')).bytes).toEqual(fileBytes('gif'))
  })

  it('is for mini programs too', async () => {
    await using service = await world()
    await service.addAccount('wxbbbbbbbbbbbbbbbb', { row: { kind: 'mini_program' } })
    const { media_id } = await service.wechat.media('wxbbbbbbbbbbbbbbbb').upload('image', mediaFile('jpg'))
    await service.ok(getTemporaryMedia, { ...ask(media_id), appId: 'wxbbbbbbbbbbbbbbbb' })
  })

  it('that is permanent material is 404', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    expect(await service.fails(getTemporaryMedia, ask(mediaId))).toMatchObject({ status_code: 404 })
  })

  it('that breaks off is never kept', async () => {
    await using service = await world()
    const mediaId = await upload(service, 'image', 'jpg', 200_000)
    service.control.addFault({ path: '/cgi-bin/media/get', kind: 'truncate', times: 1 })
    expect(await service.fails(getTemporaryMedia, ask(mediaId))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect((await behind(service, await address(service, mediaId))).bytes).toEqual(fileBytes('jpg', 200_000))
  })
})
