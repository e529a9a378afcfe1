import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILES, fileForm, videoForm } from './forms.ts'
import { caller, exchange, jsonOf, startWire, type Wire } from './wire.ts'

const OTHER = { appId: 'wxbbbbbbbbbbbbbbbb', secret: 'secret-of-account-b' }
const IMAGE = 'material/add_material?type=image'
const THUMB = 'material/add_material?type=thumb'
const VOICE = 'material/add_material?type=voice'
const VIDEO = 'material/add_material?type=video'

let wire: Wire
beforeEach(async () => {
  wire = await startWire({}, { others: [OTHER] })
})
afterEach(() => wire.close())

const change = (settings: object) => wire.control.putAccount({ appId: wire.account.appId, ...settings })
const list = (type: string, offset = 0, count = 20) =>
  wire.calls.post('material/batchget_material', { type, offset, count })

/** The `field` of each item of a list answer. */
const itemFields = (answer: Record<string, unknown>, field: string): unknown[] =>
  Array.isArray(answer['item']) ? answer['item'].map(item => item[field]) : []

describe('POST /cgi-bin/material/add_material', () => {
  it.each([IMAGE, THUMB])('%s answers media_id and a url that serves the bytes', async path => {
    const answer = await wire.calls.send(path, fileForm())
    expect(Object.keys(answer)).toEqual(['media_id', 'url'])
    expect(answer['url']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mmbiz_jpg\/[\w-]+\/0\?wx_fmt=jpeg$/)
    expect((await exchange(String(answer['url']))).body.equals(FILES.jpg)).toBe(true)
  })

  it('answers media_id alone for a voice and a video, or an empty url', async () => {
    const voice = fileForm('a.mp3', FILES.mp3)
    expect(Object.keys(await wire.calls.send(VOICE, voice))).toEqual(['media_id'])
    expect(Object.keys(await wire.calls.send(VIDEO, videoForm('{"title":"题"}')))).toEqual(['media_id'])
    change({ voiceVideoUrl: 'empty' })
    expect(await wire.calls.send(VOICE, voice)).toMatchObject({ url: '' })
  })

  it('escapes slashes, and names mmbiz.qpic.cn when told', async () => {
    change({ mmbizUrls: true })
    const reply = await wire.calls.raw(IMAGE, { method: 'POST', ...fileForm() })
    expect(reply.body.toString()).toContain('"url":"http:\\/\\/mmbiz.qpic.cn\\/mmbiz_jpg\\/')
    const path = new URL(String(jsonOf(reply)['url'])).pathname
    expect((await exchange(wire.url + path)).body.equals(FILES.jpg)).toBe(true)
  })

  it('refuses with 45034 when the library is full, thumbs and images counted together', async () => {
    change({ limits: { libraryImages: 2, libraryVoices: 1, libraryVideos: 0 } })
    await wire.calls.id(IMAGE, fileForm())
    await wire.calls.id(THUMB, fileForm())
    expect(await wire.calls.send(IMAGE, fileForm())).toMatchObject({
      errcode: 45034,
      errmsg: expect.stringMatching(/^media file count is out of limit hint: \[[\w.]{14}\] rid: /),
    })
    await wire.calls.id(VOICE, fileForm('a.mp3', FILES.mp3))
    expect(await wire.calls.send(VOICE, fileForm('a.mp3', FILES.mp3))).toMatchObject({ errcode: 45034 })
    expect(await wire.calls.send(VIDEO, videoForm('{"title":"题"}'))).toMatchObject({ errcode: 45034 })
  })
})

describe('GET /cgi-bin/material/get_materialcount', () => {
  it('answers four numbers, thumbs among the images', async () => {
    await wire.calls.id(IMAGE, fileForm())
    await wire.calls.id(THUMB, fileForm())
    await wire.calls.id(VOICE, fileForm('a.mp3', FILES.mp3))
    await wire.calls.id(VIDEO, videoForm('{"title":"题"}'))
    const reply = await wire.calls.raw('material/get_materialcount')
    expect(reply.body.toString()).toBe('{"voice_count":1,"video_count":1,"image_count":2,"news_count":0}')
  })

  it('counts each account by itself', async () => {
    await wire.calls.id(IMAGE, fileForm())
    expect(await caller(wire.url, OTHER).get('material/get_materialcount')).toMatchObject({ image_count: 0 })
  })
})

describe('POST /cgi-bin/material/batchget_material', () => {
  it('lists newest first, page by page, with totals', async () => {
    const ids: string[] = []
    for (let at = 0; at < 5; at++) ids.unshift(await wire.calls.id(at % 2 ? THUMB : IMAGE, fileForm(`图${at}.jpg`)))
    const page = await list('image', 1, 3)
    expect(itemFields(page, 'media_id')).toEqual(ids.slice(1, 4))
    expect(itemFields(page, 'name')).toEqual(['图3.jpg', '图2.jpg', '图1.jpg'])
    expect(page).toMatchObject({ total_count: 5, item_count: 3 })
    expect(await list('image', 5)).toEqual({ item: [], total_count: 5, item_count: 0 })
  })

  it('shows media_id, name, update_time and, for images, url', async () => {
    const image = await wire.calls.send(IMAGE, fileForm('images/2/2017/12/图.jpg'))
    const voice = await wire.calls.id(VOICE, fileForm('声.mp3', FILES.mp3))
    const update_time = Math.floor(wire.clock.now() / 1000)
    expect(await list('image')).toEqual({
      item: [{ media_id: image['media_id'], name: 'images/2/2017/12/图.jpg', update_time, url: image['url'] }],
      total_count: 1,
      item_count: 1,
    })
    expect(await list('voice')).toMatchObject({ item: [{ media_id: voice, name: '声.mp3', update_time }] })
    expect(itemFields(await list('voice'), 'url')).toEqual([undefined])
  })

  it.each([
    ['no type', { offset: 0, count: 1 }, 40097],
    ['type thumb', { type: 'thumb', offset: 0, count: 1 }, 40097],
    ['a count of 21', { type: 'image', offset: 0, count: 21 }, 40097],
    ['a count of 0', { type: 'image', offset: 0, count: 0 }, 40097],
    ['an offset below 0', { type: 'image', offset: -1, count: 1 }, 40097],
    ['something that is no JSON', '{"type":', 47001],
    ['a JSON string', '"image"', 47001],
    ['nothing', '', 44002],
  ])('refuses %s', async (_, body, errcode) => {
    expect(await wire.calls.post('material/batchget_material', body)).toMatchObject({ errcode })
  })

  it('ignores a form-encoded body and answers a first page of ten', async () => {
    for (let at = 0; at < 11; at++) await wire.calls.id(IMAGE, fileForm())
    const answer = await wire.calls.send('material/batchget_material', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'type=image&offset=1&count=20',
    })
    expect(answer).toMatchObject({ total_count: 11, item_count: 10 })
  })
})

describe('POST /cgi-bin/material/get_material', () => {
  it('answers the bytes of images, thumbs and voices', async () => {
    for (const [path, form, bytes] of [
      [IMAGE, fileForm(), FILES.jpg],
      [THUMB, fileForm(), FILES.jpg],
      [VOICE, fileForm('a.wav', FILES.wav), FILES.wav],
    ] as const) {
      const media_id = await wire.calls.id(path, form)
      const reply = await wire.calls.raw('material/get_material', {
        method: 'POST',
        body: JSON.stringify({ media_id }),
      })
      expect(reply.headers['content-disposition']).toContain(`attachment; filename="${media_id}.`)
      expect(reply.body.equals(bytes)).toBe(true)
    }
  })

  it('answers a video with title, description and a down_url that serves it', async () => {
    const media_id = await wire.calls.id(VIDEO, videoForm('{"title":"题","introduction":"介"}'))
    const answer = await wire.calls.post('material/get_material', { media_id })
    expect(answer).toEqual({ title: '题', description: '介', down_url: expect.stringMatching(/\.mp4$/) })
    expect((await exchange(String(answer['down_url']))).body.equals(FILES.mp4)).toBe(true)
  })

  it('refuses temporary ids, ids of others and no id', async () => {
    const temporary = await wire.calls.id('media/upload?type=image', fileForm())
    const theirs = await caller(wire.url, OTHER).id(IMAGE, fileForm())
    for (const media_id of [temporary, theirs, 'x']) {
      expect(await wire.calls.post('material/get_material', { media_id })).toMatchObject({ errcode: 40007 })
    }
    expect(await wire.calls.post('material/get_material', {})).toMatchObject({ errcode: 41006 })
  })
})

describe('POST /cgi-bin/material/del_material', () => {
  it('deletes once, and frees a place', async () => {
    change({ limits: { libraryImages: 1 } })
    const media_id = await wire.calls.id(IMAGE, fileForm())
    expect(await wire.calls.post('material/del_material', { media_id })).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await wire.calls.post('material/del_material', { media_id })).toMatchObject({ errcode: 40007 })
    expect(await wire.calls.post('material/get_material', { media_id })).toMatchObject({ errcode: 40007 })
    expect(await list('image')).toMatchObject({ total_count: 0 })
    await wire.calls.id(IMAGE, fileForm())
  })

  it('deletes no temporary media', async () => {
    const media_id = await wire.calls.id('media/upload?type=image', fileForm())
    expect(await wire.calls.post('material/del_material', { media_id })).toMatchObject({ errcode: 40007 })
    expect((await wire.calls.raw(`media/get?media_id=${media_id}`)).body.equals(FILES.jpg)).toBe(true)
  })
})
