import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { addMaterial, article, behind, mediaFile } from '../support/library.ts'
import { openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const MIB = 1024 * 1024
const OTHER = 'wxaaaaaaaaaaaaaaaa'
const ask = (mediaId: string, query: Record<string, string> = {}): Ask => ({ params: { mediaId }, query })

/** The answer for a file. */
async function file(service: World, mediaId: string, query: Record<string, string> = {}) {
  const answer = await service.ok(getMaterial, ask(mediaId, query))
  if (!('down_url' in answer)) throw new Error('no file')
  return answer
}

/** The answer for articles. */
async function news(service: World, mediaId: string, query: Record<string, string> = {}) {
  const answer = await service.ok(getMaterial, ask(mediaId, query))
  if (!('news_item' in answer)) throw new Error('no articles')
  return answer
}

describe('articles', () => {
  it('have the shape of seed004, and the draft is asked for once', async () => {
    await using service = await world()
    const { data } = await service.ok(createArticle, { body: await article(service) })
    const answer = await news(service, data.media_id)
    const seed = JSON.parse(`{"news_item":[{"title":"TITLE","thumb_media_id":"T","show_cover_pic":1,"author":"A",
      "digest":"D","content":"C","url":"U","content_source_url":"S"}]}`)
    const [item = {}] = answer.news_item
    expect(item).toMatchObject(
      Object.fromEntries(
        Object.keys(seed.news_item[0]).map(name => [
          name,
          name === 'show_cover_pic' ? expect.any(Number) : expect.any(String),
        ]),
      ),
    )
    expect(service.calls('draft/get')).toBe(1)
    expect(service.calls('material/get_material')).toBe(0)
  })

  it('come back with Chinese title, digest and text as they went in', async () => {
    await using service = await world()
    const text = { title: '新年快乐🧧 “二〇二六”', digest: '摘要：一路平安&<', content: '<p>正文\n第二行 é</p>' }
    const { data } = await service.ok(createArticle, { body: await article(service, text) })
    expect((await news(service, data.media_id)).news_item).toMatchObject([text])
  })

  it('of a bare id that only WeChat knows are found in the draft box first', async () => {
    await using service = await world()
    const { media_id } = await service.wechat.draft(APP_ID).add([await article(service, { title: '他人' })])
    expect((await news(service, media_id)).news_item).toMatchObject([{ title: '他人' }])
    expect(service.calls('material/get_material')).toBe(0)
  })

  it('of before the draft box are found by ?source=news without asking the draft box', async () => {
    await using service = await world({ account: { legacyNews: true } })
    const { media_id } = await service.wechat.material(APP_ID).addNews([await article(service, { title: '旧' })])
    expect((await news(service, media_id, { source: 'news' })).news_item).toMatchObject([{ title: '旧' }])
    expect(service.calls('draft/get')).toBe(0)
    expect((await news(service, media_id)).news_item).toMatchObject([{ title: '旧' }])
    expect(service.calls('draft/get')).toBe(1)
  })

  it('carry an ETag that changes with them and nothing else, and 304 answers it', async () => {
    await using service = await world()
    const body = await article(service)
    const { data } = await service.ok(createArticle, { body })
    const first = (await service.request(getMaterial, ask(data.media_id))).headers.get('etag')
    expect(first).toMatch(/^"[0-9a-f]{32}"$/)
    expect((await service.request(getMaterial, ask(data.media_id))).headers.get('etag')).toBe(first)
    const again = await service.request(getMaterial, {
      ...ask(data.media_id),
      headers: { 'if-none-match': first ?? '' },
    })
    expect(again.status).toBe(304)
    await service.wechat.draft(APP_ID).update(data.media_id, 0, { ...body, title: '改' })
    expect((await service.request(getMaterial, ask(data.media_id))).headers.get('etag')).not.toBe(first)
  })

  it('that were published meanwhile are gone, and say so', async () => {
    await using service = await world()
    const { data } = await service.ok(createArticle, { body: await article(service) })
    service.control.deleteMedia(data.media_id)
    const problem = await service.fails(getMaterial, ask(data.media_id))
    expect(problem).toMatchObject({ code: 'MEDIA_NOT_FOUND', status_code: 404, wechat: { errcode: 40007 } })
    expect(problem.message).toContain('published')
    expect(service.calls('material/get_material')).toBe(0)
  })
})

describe('a file', () => {
  it('of 9 MB went through S3 into WeChat and comes back with equal SHA-256', async () => {
    await using service = await world()
    const upload = await openAndPost(service, { bytes: fileBytes('jpg', 9 * MIB) })
    await service.deliver()
    const { media_id: mediaId = '' } = await view(service, upload)
    const answer = await file(service, mediaId)
    expect(answer).toMatchObject({
      type: 'image',
      title: '',
      description: '',
      content_type: 'image/jpeg',
      size: 9 * MIB,
    })
    const got = await behind(service, answer.down_url)
    expect(sha256(got.bytes)).toBe(sha256(upload.bytes))
    expect(got.contentType).toBe('image/jpeg')
    expect(got.key).toBe(`store/${APP_ID}/material/${mediaId}.jpg`)
  })

  it('of type video of 10 MB comes back with equal SHA-256, its Chinese title and a name after it', async () => {
    await using service = await world()
    const declared = { title: '春节 “一”', introduction: '第一集：回家' }
    const bytes = fileBytes('mp4', 10 * MIB)
    const upload = await openAndPost(service, { type: 'video', format: 'mp4', bytes, declared })
    await service.deliver()
    const { media_id: mediaId = '' } = await view(service, upload)
    const answer = await file(service, mediaId)
    const seed = JSON.parse('{"title":"TITLE","description":"DESCRIPTION","down_url":"DOWN_URL"}')
    expect(Object.keys(answer)).toEqual(expect.arrayContaining(Object.keys(seed)))
    expect(answer).toMatchObject({ type: 'video', title: '春节 “一”', description: '第一集：回家', size: 10 * MIB })
    const got = await behind(service, answer.down_url)
    expect(sha256(got.bytes)).toBe(sha256(bytes))
    expect(got.disposition).toBe(
      `attachment; filename="__ ___.mp4"; filename*=UTF-8''${encodeURIComponent('春节 “一”.mp4')}`,
    )
  })

  it.each([
    ['image', 'png', '海边 “日落”.png'],
    ['voice', 'mp3', '问候.mp3'],
    ['thumb', 'jpg', '封面.jpeg'],
  ] as const)('of type %s that was uploaded here is downloaded under its own name', async (type, format, filename) => {
    await using service = await world()
    const upload = await openAndPost(service, { type, format, filename })
    await service.deliver()
    const { media_id: mediaId = '' } = await view(service, upload)
    const got = await behind(service, (await file(service, mediaId)).down_url)
    expect(got.disposition).toContain(`filename*=UTF-8''${encodeURIComponent(filename)}`)
    const again = await behind(service, (await file(service, mediaId)).down_url)
    expect(again.disposition).toBe(got.disposition)
  })

  it('is downloaded under WeChat’s name when the same bytes were uploaded here as another material', async () => {
    await using service = await world()
    const upload = await openAndPost(service, { filename: '我的.jpg' })
    await service.deliver()
    const other = await addMaterial(service, { bytes: upload.bytes })
    const got = await behind(service, (await file(service, other)).down_url)
    expect(got.disposition).toContain(`filename*=UTF-8''${other}.jpg`)
  })

  it('is fetched from WeChat once, and title and size are known without asking again', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service, { type: 'video', format: 'mp4' })
    const first = await file(service, mediaId)
    service.weChatIsDown = true
    await service.clock.advance(60_000)
    const second = await file(service, mediaId)
    // A signed address may hold its own end.
    const lasting = (answer: typeof first) => ({ ...answer, down_url: address(answer), expires_at: 0 })
    const address = ({ down_url }: typeof first) => new URL(down_url).pathname
    expect(lasting(second)).toEqual(lasting(first))
    expect(second.expires_at).toBe(first.expires_at + 60)
    expect(second.expires_at).toBe(Math.floor(service.clock.now() / 1000) + 900)
    expect(service.calls('material/get_material')).toBe(1)
  })

  it('is fetched again when its copy is lost', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const { down_url } = await file(service, mediaId)
    await service.objects.remove((await behind(service, down_url)).key)
    expect((await behind(service, (await file(service, mediaId)).down_url)).bytes).toEqual(fileBytes('jpg'))
    expect(service.calls('material/get_material')).toBe(2)
  })

  it('is asked for by ?kind=material without asking the draft box', async () => {
    await using service = await world()
    await file(service, await addMaterial(service), { kind: 'material' })
    expect(service.calls('draft/get')).toBe(0)
    await file(service, await addMaterial(service))
    expect(service.calls('draft/get')).toBe(1)
  })

  it('is redirected to by ?redirect=1', async () => {
    await using service = await world()
    const { status, headers, json } = await service.request(
      getMaterial,
      ask(await addMaterial(service, { format: 'png' }), { redirect: '1' }),
    )
    expect(status).toBe(302)
    expect(json).toBeUndefined()
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await behind(service, headers.get('location') ?? '')).bytes).toEqual(fileBytes('png'))
  })

  it.each([
    ['gif', 'image', 'image/gif'],
    ['bmp', 'image', 'image/bmp'],
    ['wav', 'voice', 'audio/wav'],
    ['amr', 'voice', 'audio/amr'],
  ] as const)('of format %s is told by its bytes when WeChat says text/plain', async (format, type, contentType) => {
    await using service = await world()
    const mediaId = await addMaterial(service, { type, format })
    service.control.addFault({ path: '/cgi-bin/material/get_material', kind: 'text-plain', times: 1 })
    const answer = await file(service, mediaId)
    expect(answer).toMatchObject({ type, content_type: contentType, size: fileBytes(format).length })
    expect((await behind(service, answer.down_url)).key).toBe(`store/${APP_ID}/material/${mediaId}.${format}`)
  })

  it('asked for by many at once is the same for all, and one copy is kept', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const answers = await Promise.all(Array.from({ length: 5 }, () => file(service, mediaId)))
    expect(new Set(answers.map(({ down_url }) => down_url)).size).toBe(1)
    expect((await behind(service, answers[0]?.down_url ?? '')).bytes).toEqual(fileBytes('jpg'))
    const before = service.calls('material/get_material')
    await file(service, mediaId)
    expect(service.calls('material/get_material')).toBe(before)
  })

  it('that is deleted while its copy is made is not kept', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const { down_url } = await file(service, mediaId)
    const { key } = await behind(service, down_url)
    await service.objects.remove(key)
    const objects = {
      ...service.objects,
      write: async (...args: Parameters<typeof service.objects.write>) => {
        const written = await service.objects.write(...args)
        await service.ok(deleteMaterial, ask(mediaId))
        return written
      },
    }
    const problem = await service.fails(getMaterial, { ...ask(mediaId), ports: { objects } })
    expect(problem).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    expect(await service.objects.head(key)).toBeUndefined()
  })
})

describe('a file that breaks off or is none', () => {
  it.each([
    ['truncated', { path: '/cgi-bin/material/get_material', kind: 'truncate' }],
    ['truncated at the address of a video', { path: '/video/*', kind: 'truncate' }],
    ['a page at the address of a video', { path: '/video/*', kind: 'html' }],
    ['nothing at the address of a video', { path: '/video/*', kind: 'empty' }],
    ['an error with status 200', { path: '/cgi-bin/material/get_material', kind: 'errcode', errcode: -1 }],
  ] as const)('%s is never kept', async (_what, fault) => {
    await using service = await world()
    const video = fault.path === '/video/*'
    const added = video ? ({ type: 'video', format: 'mp4' } as const) : {}
    const mediaId = await addMaterial(service, { ...added, bytes: fileBytes(video ? 'mp4' : 'jpg', 100_000) })
    // A call that says busy is made three times.
    service.control.addFault({ ...fault, times: fault.kind === 'errcode' ? 3 : 1 })
    const problem = await service.drive(service.fails(getMaterial, ask(mediaId)))
    expect([502, 503]).toContain(problem.status_code)
    expect(await service.objects.head(`store/${APP_ID}/material/${mediaId}.${video ? 'mp4' : 'jpg'}`)).toBeUndefined()
    expect(await file(service, mediaId)).toMatchObject({ size: 100_000 })
  })

  it('a video that is not ready yet is 503 with Retry-After, then there', async () => {
    await using service = await world({ account: { videoReadyAfterMs: 5_000 } })
    const mediaId = await addMaterial(service, { type: 'video', format: 'mp4' })
    const problem = await service.fails(getMaterial, ask(mediaId))
    expect(problem).toMatchObject({ code: 'WECHAT_BUSY', status_code: 503 })
    await service.clock.advance(5_000)
    expect(await file(service, mediaId)).toMatchObject({ type: 'video' })
  })
})

describe('an id that is not of this library', () => {
  it.each([
    ['unknown', async () => 'no-such-media'],
    [
      'of a temporary media',
      async (service: World) => (await service.wechat.media(APP_ID).upload('image', mediaFile('jpg'))).media_id,
    ],
    ['of another account', (service: World) => addMaterial(service, { appId: OTHER })],
  ] as const)('%s is 404 with the code of WeChat', async (_what, make) => {
    await using service = await world()
    await service.addAccount(OTHER)
    const problem = await service.fails(getMaterial, ask(await make(service)))
    expect(problem).toMatchObject({ code: 'MEDIA_NOT_FOUND', status_code: 404, wechat: { errcode: 40007 } })
    expect(problem.message).toMatch(/unknown, expired, or of another account/)
  })

  it('is not answered from the copy of another account', async () => {
    await using service = await world()
    await service.addAccount(OTHER)
    const mediaId = await addMaterial(service)
    await file(service, mediaId)
    expect(await service.fails(getMaterial, { ...ask(mediaId), appId: OTHER })).toMatchObject({ status_code: 404 })
  })

  it.each(['../secret', 'a b', '素材', 'x'.repeat(129), 'a/b'])('%s is no media_id', async mediaId => {
    await using service = await world()
    expect(await service.fails(getMaterial, ask(mediaId))).toMatchObject({ code: 'INVALID_REQUEST', status_code: 400 })
  })

  it('is not made out to be material when the draft box cannot be asked', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    service.control.addFault({ path: '/cgi-bin/draft/get', kind: 'errcode', errcode: 45009, times: 1 })
    expect(await service.fails(getMaterial, ask(mediaId))).toMatchObject({ code: 'WECHAT_QUOTA' })
    expect(service.calls('material/get_material')).toBe(0)
  })
})
