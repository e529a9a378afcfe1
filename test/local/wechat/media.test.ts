import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILES, fileForm } from './forms.ts'
import { caller, exchange, jsonOf, startWire, type Wire } from './wire.ts'

const DAY = 86_400_000
const MIB = 1024 * 1024
const OTHER = { appId: 'wxbbbbbbbbbbbbbbbb', secret: 'secret-of-account-b' }

let wire: Wire
beforeEach(async () => {
  wire = await startWire({}, { others: [OTHER] })
})
afterEach(() => wire.close())

const sized = (bytes: number, head = FILES.jpg) => Buffer.concat([head, Buffer.alloc(bytes - head.length, 0x80)])

const errcodeOf = async (path: string, name: string, content: Buffer) =>
  (await wire.calls.send(path, fileForm(name, content)))['errcode'] ?? 0

describe('the rules for files', () => {
  it.each([
    ['media/upload?type=image', 'a.jpg', FILES.jpg, 0],
    ['media/upload?type=image', 'A.JPEG', FILES.jpg, 0],
    ['media/upload?type=image', 'a.png', FILES.png, 0],
    ['media/upload?type=image', 'a.gif', FILES.gif, 0],
    ['media/upload?type=image', 'a.bmp', FILES.bmp, 40005],
    ['media/upload?type=voice', 'a.amr', FILES.amr, 0],
    ['media/upload?type=voice', 'a.mp3', FILES.mp3, 0],
    ['media/upload?type=voice', 'a.wav', FILES.wav, 40005],
    ['media/upload?type=video', 'a.mp4', FILES.mp4, 0],
    ['media/upload?type=thumb', 'a.jpg', FILES.jpg, 0],
    ['media/upload?type=thumb', 'a.png', FILES.png, 40005],
    ['material/add_material?type=image', 'a.bmp', FILES.bmp, 0],
    ['material/add_material?type=voice', 'a.wav', FILES.wav, 0],
    ['material/add_material?type=voice', 'a.wma', FILES.wma, 0],
    ['material/add_material?type=thumb', 'a.jpg', FILES.jpg, 0],
    ['media/uploadimg', 'a.png', FILES.png, 0],
    ['media/uploadimg?type=voice', 'a.jpg', FILES.jpg, 0],
    ['media/uploadimg', 'a.gif', FILES.gif, 40005],
    ['media/upload?type=image', 'a.mp3', FILES.mp3, 40005],
    ['media/upload?type=image', 'a.jpg', FILES.png, 40005],
    ['media/upload?type=image', 'a.jpg', Buffer.from('not an image'), 40005],
    ['media/upload?type=image', '图片', FILES.jpg, 40113],
    ['material/add_material?type=image', 'a.webp', FILES.jpg, 40113],
    ['material/add_material?type=image', 'jpg', FILES.jpg, 40113],
    ['media/upload?type=picture', 'a.jpg', FILES.jpg, 40004],
    ['material/add_material', 'a.jpg', FILES.jpg, 40004],
    ['material/add_material?type=news', 'a.jpg', FILES.jpg, 40004],
  ])('%s of %s', async (path, name, content, errcode) => {
    expect(await errcodeOf(path, name, content)).toBe(errcode)
  })

  it.each([
    ['media/upload?type=image', 'a.jpg', FILES.jpg, 10 * MIB, 40009],
    ['material/add_material?type=image', 'a.jpg', FILES.jpg, 10 * MIB, 40009],
    ['media/upload?type=voice', 'a.amr', FILES.amr, 2 * MIB, 40010],
    ['media/upload?type=video', 'a.mp4', FILES.mp4, 10 * MIB, 40011],
    ['media/upload?type=thumb', 'a.jpg', FILES.jpg, 64 * 1024, 40012],
    ['media/uploadimg', 'a.jpg', FILES.jpg, MIB - 1, 40009],
  ])('%s takes %s up to its limit', async (path, name, head, limit, errcode) => {
    expect(await errcodeOf(path, name, sized(limit, head))).toBe(0)
    expect(await errcodeOf(path, name, sized(limit + 1, head))).toBe(errcode)
  })

  it('follow configured limits and their errcode', async () => {
    wire.control.putAccount({ appId: wire.account.appId, limits: { image: 100, temporaryImage: 50 } })
    expect(await errcodeOf('media/upload?type=image', 'a.jpg', sized(51))).toBe(40009)
    expect(await errcodeOf('material/add_material?type=image', 'a.jpg', sized(51))).toBe(0)
    wire.control.putAccount({ appId: wire.account.appId, sizeErrcode: 40006 })
    const answer = await wire.calls.send('material/add_material?type=image', fileForm('a.jpg', sized(101)))
    expect(answer).toMatchObject({ errcode: 40006, errmsg: expect.stringMatching(/^invalid meida size hint: \[/) })
  })
})

describe('POST /cgi-bin/media/upload', () => {
  it.each([
    ['image', 'a.jpg', FILES.jpg],
    ['voice', 'a.amr', FILES.amr],
    ['video', 'a.mp4', FILES.mp4],
  ])('answers exactly type, media_id and created_at for %s', async (type, name, content) => {
    expect(await wire.calls.send(`media/upload?type=${type}`, fileForm(name, content))).toEqual({
      type,
      media_id: expect.stringMatching(/^[A-Za-z0-9_-]{64}$/),
      created_at: Math.floor(wire.clock.now() / 1000),
    })
  })

  it('names the id of a thumb thumb_media_id', async () => {
    const answer = await wire.calls.send('media/upload?type=thumb', fileForm())
    expect(Object.keys(answer).sort()).toEqual(['created_at', 'thumb_media_id', 'type'])
  })
})

describe('GET /cgi-bin/media/get', () => {
  const get = (id: string, path = 'media/get') => wire.calls.raw(`${path}?media_id=${id}`)

  it('answers the bytes with the headers of the documented sample', async () => {
    const id = await wire.calls.id('media/upload?type=image', fileForm())
    const reply = await wire.calls.raw(`media/get?media_id=${id}`, { headers: { Connection: 'keep-alive' } })
    expect(reply.body.equals(FILES.jpg)).toBe(true)
    const sent = Object.fromEntries(reply.rawHeaders.flatMap((name, at, all) => (at % 2 ? [] : [[name, all[at + 1]]])))
    expect(sent).toEqual({
      Connection: 'close',
      'Content-Type': 'image/jpeg',
      'Content-disposition': `attachment; filename="${id}.jpg"`,
      'Cache-Control': 'no-cache, must-revalidate',
      'Content-Length': String(FILES.jpg.length),
      Date: expect.any(String),
    })
  })

  it('answers a voice and a thumb as files too', async () => {
    const voice = await get(await wire.calls.id('media/upload?type=voice', fileForm('a.amr', FILES.amr)))
    expect(voice.headers['content-type']).toBe('audio/amr')
    const thumb = await get(await wire.calls.id('media/upload?type=thumb', fileForm()))
    expect(thumb.body.equals(FILES.jpg)).toBe(true)
  })

  it('answers a video with a URL that serves it', async () => {
    const id = await wire.calls.id('media/upload?type=video', fileForm('a.mp4', FILES.mp4))
    const answer = jsonOf(await get(id))
    expect(Object.keys(answer)).toEqual(['video_url'])
    const video = await exchange(String(answer['video_url']))
    expect(video.headers['content-type']).toBe('video/mp4')
    expect(video.body.equals(FILES.mp4)).toBe(true)
  })

  it('lets a fresh video URL answer 404 for as long as the account says', async () => {
    wire.control.putAccount({ appId: wire.account.appId, videoReadyAfterMs: 3_000 })
    const id = await wire.calls.id('media/upload?type=video', fileForm('a.mp4', FILES.mp4))
    const url = String(jsonOf(await get(id))['video_url'])
    expect((await exchange(url)).status).toBe(404)
    await wire.clock.advance(2_999)
    expect((await exchange(url)).status).toBe(404)
    await wire.clock.advance(1)
    expect((await exchange(url)).status).toBe(200)
  })

  it('forgets a file after three days', async () => {
    const id = await wire.calls.id('media/upload?type=image', fileForm())
    await wire.clock.advance(3 * DAY - 1)
    wire.calls.forgetToken()
    expect((await get(id)).headers['content-type']).toBe('image/jpeg')
    await wire.clock.advance(1)
    expect(jsonOf(await get(id))).toMatchObject({ errcode: 40007 })
  })

  it('knows neither unknown ids nor those of other accounts nor permanent ones', async () => {
    const theirs = await caller(wire.url, OTHER).id('media/upload?type=image', fileForm())
    const permanent = await wire.calls.id('material/add_material?type=image', fileForm())
    for (const id of [theirs, permanent, 'unknown']) expect(jsonOf(await get(id))).toMatchObject({ errcode: 40007 })
    expect(jsonOf(await wire.calls.raw('media/get'))).toMatchObject({ errcode: 41006 })
  })

  it('answers what a fan sent', async () => {
    const voice = Buffer.concat([Buffer.from('#!SILK_V3'), FILES.png])
    const id = wire.control.addFanMedia(wire.account.appId, { type: 'voice', body: voice })
    const reply = await get(id)
    expect(reply.headers['content-disposition']).toBe(`attachment; filename="${id}.amr"`)
    expect(reply.body.equals(voice)).toBe(true)
    expect(jsonOf(await get(id, 'media/get/jssdk'))).toMatchObject({ errcode: 40007 })
  })

  it('answers a JS-SDK voice as speex at media/get/jssdk', async () => {
    const id = wire.control.addFanMedia(wire.account.appId, { type: 'jssdk', body: FILES.wav })
    const reply = await get(id, 'media/get/jssdk')
    expect(reply.headers['content-type']).toBe('voice/speex')
    expect(reply.headers['content-disposition']).toBe(`attachment; filename="${id}.speex"`)
    expect(reply.body.equals(FILES.wav)).toBe(true)
  })
})

describe('POST /cgi-bin/media/uploadimg', () => {
  it('answers exactly a url, which serves the image, and stays out of the library', async () => {
    const answer = await wire.calls.send('media/uploadimg', fileForm('图.png', FILES.png))
    expect(Object.keys(answer)).toEqual(['url'])
    expect(answer['url']).toMatch(/\/mmbiz_png\/[\w-]+\/0\?wx_fmt=png$/)
    const image = await exchange(String(answer['url']))
    expect(image.headers['content-type']).toBe('image/png')
    expect(image.body.equals(FILES.png)).toBe(true)
    expect(await wire.calls.get('material/get_materialcount')).toMatchObject({ image_count: 0 })
  })
})
