import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILES, fileForm, videoForm } from './forms.ts'
import { startWire, type Wire } from './wire.ts'

let wire: Wire
let cover: string
let coverUrl: string
beforeEach(async () => {
  wire = await startWire()
  const answer = await wire.calls.send('material/add_material?type=thumb', fileForm('封面.jpg'))
  cover = String(answer['media_id'])
  coverUrl = String(answer['url'])
})
afterEach(() => wire.close())

const change = (settings: object) => wire.control.putAccount({ appId: wire.account.appId, ...settings })
const article = (fields: object = {}) => ({ title: '标题', content: '<p>正文</p>', thumb_media_id: cover, ...fields })
const add = (...articles: object[]) => wire.calls.post('draft/add', { articles })

/** The media_id of a new draft. */
async function added(...articles: object[]): Promise<string> {
  const answer = await add(...articles)
  if (typeof answer['media_id'] !== 'string') throw new Error(JSON.stringify(answer))
  return answer['media_id']
}

/** One field of each article of a draft. */
async function kept(media_id: string, field: string): Promise<unknown[]> {
  const { news_item: items } = await wire.calls.post('draft/get', { media_id })
  return Array.isArray(items) ? items.map(item => item[field]) : []
}

describe('POST /cgi-bin/draft/add', () => {
  it('answers media_id and an empty item', async () => {
    const answer = await add(article())
    expect(answer).toEqual({ media_id: expect.stringMatching(/^[\w-]{64}$/), item: [] })
  })

  it.each([
    ['no articles', [], 44003],
    ['nine articles', Array.from({ length: 9 }, () => article()), 45008],
    ['no title', [{ title: undefined }], 40097],
    ['a title of 65 characters', [{ title: '题'.repeat(65) }], 45003],
    ['an author of 17 characters', [{ author: '者'.repeat(17) }], 45110],
    ['a digest of 129 characters', [{ digest: '摘'.repeat(129) }], 45004],
    ['no content', [{ content: '' }], 44004],
    ['20,000 characters', [{ content: 'x'.repeat(20_000) }], 45002],
    ['a source URL over 1 KB', [{ content_source_url: `https://a.cn/${'x'.repeat(1024)}` }], 45005],
    ['a source URL that is none', [{ content_source_url: 'somewhere' }], 41039],
    ['no cover', [{ thumb_media_id: '' }], 40007],
    ['an unknown cover', [{ thumb_media_id: 'x' }], 40007],
    ['a crop that is none', [{ pic_crop_1_1: '0_0_2_1' }], 53402],
    ['a foreign card image', [{ content: '<mp-miniprogram data-miniprogram-imageurl="http://a.cn/1.jpg">' }], 45166],
  ])('refuses %s', async (_, articles, errcode) => {
    expect(await add(...articles.map(article))).toMatchObject({ errcode })
  })

  it('takes what is exactly within the limits', async () => {
    const title = '😀'.repeat(64)
    const digest = '摘'.repeat(128)
    const id = await added(article({ title, digest, author: '者'.repeat(16), content: 'x'.repeat(19_999) }))
    expect(await kept(id, 'title')).toEqual([title])
    expect(await kept(id, 'digest')).toEqual([digest])
  })

  it('names the article at fault in the hint', async () => {
    const { errmsg } = await add(article(), article({ title: '题'.repeat(65) }))
    expect(errmsg).toMatch(/^title size out of limit hint: \[[\w.]{14}-1\] rid: /)
  })

  it('refuses a temporary cover, a voice and a fresh id', async () => {
    const temporary = await wire.calls.id('media/upload?type=image', fileForm())
    const voice = await wire.calls.id('material/add_material?type=voice', fileForm('a.mp3', FILES.mp3))
    for (const thumb_media_id of [temporary, voice]) {
      expect(await add(article({ thumb_media_id }))).toMatchObject({ errcode: 40007 })
    }
    change({ replicationDelayMs: 5_000 })
    expect(await add(article())).toMatchObject({ errcode: 40007 })
    await wire.clock.advance(5_000)
    await added(article())
  })

  it('refuses \\u escapes with 40033, or keeps them literally', async () => {
    const body = JSON.stringify({ articles: [article({ title: 'TITLE' })] }).replace('TITLE', '\\u6807\\\\u9898')
    expect(await wire.calls.post('draft/add', body)).toMatchObject({ errcode: 40033 })
    change({ unicodeEscapes: 'literal' })
    const answer = await wire.calls.post('draft/add', body)
    expect(await kept(String(answer['media_id']), 'title')).toEqual(['\\u6807\\u9898'])
  })

  it('takes an escaped backslash before a u', async () => {
    const id = await added(article({ title: 'C:\\u4f5c' }))
    expect(await kept(id, 'title')).toEqual(['C:\\u4f5c'])
  })

  it('needs the privilege for comments', async () => {
    await added(article({ need_open_comment: 1 }))
    change({ commentPrivilege: false })
    expect(await add(article({ need_open_comment: 1 }))).toMatchObject({ errcode: 88000 })
    await added(article({ need_open_comment: 0 }))
  })

  it('drops scripts and foreign images silently, and keeps its own', async () => {
    const { url } = await wire.calls.send('media/uploadimg', fileForm('图.png', FILES.png))
    const own = `<img src="${url}"><img data-src='${coverUrl}' alt="面">`
    const id = await added(
      article({
        content: `<script>alert("甲")</script><p onclick="x()">正文</p><img src="https://a.cn/1.jpg">${own}<img>`,
      }),
    )
    expect(await kept(id, 'content')).toEqual([`<p>正文</p>${own}`])
  })

  it('knows its images by mmbiz.qpic.cn too, but not invented ones', async () => {
    const ours = coverUrl.replace(wire.url, 'http://mmbiz.qpic.cn')
    const id = await added(article({ content: `<img src="${ours}"><img src="http://mmbiz.qpic.cn/mmbiz_jpg/x/0">文` }))
    expect(await kept(id, 'content')).toEqual([`<img src="${ours}">文`])
  })

  it('takes a library image for a mini program card, not one of uploadimg', async () => {
    const card = (url: unknown) => article({ content: `<mp-miniprogram data-miniprogram-imageurl="${url}">` })
    const { url } = await wire.calls.send('media/uploadimg', fileForm('图.png', FILES.png))
    expect(await add(card(url))).toMatchObject({ errcode: 45166 })
    await added(card(coverUrl))
  })

  it('fills an empty digest with 54 characters of a single article, and only then', async () => {
    const content = `<p>${'文字 &nbsp;'.repeat(40)}</p>`
    const single = await added(article({ content }))
    expect(await kept(single, 'digest')).toEqual(['文字 '.repeat(18)])
    expect(await kept(await added(article({ content, digest: ' ' })), 'digest')).toEqual([' '])
    expect(await kept(await added(article({ content }), article({ content })), 'digest')).toEqual(['', ''])
  })

  it('takes a newspic of permanent images', async () => {
    const newspic = (ids: string[]) => ({
      article_type: 'newspic',
      title: '图集',
      content: '说明',
      image_info: { image_list: ids.map(image_media_id => ({ image_media_id })) },
    })
    const id = await added(newspic([cover]))
    expect(await kept(id, 'image_info')).toEqual([{ image_list: [{ image_media_id: cover }] }])
    expect(await add(newspic([]))).toMatchObject({ errcode: 40097 })
    expect(await add(newspic(['x']))).toMatchObject({ errcode: 40007 })
  })
})

describe('the draft box', () => {
  it('shows a draft in the recorded key order, slashes escaped', async () => {
    const media_id = await added(article({ author: '者', content_source_url: 'https://a.cn/' }))
    const reply = await wire.calls.raw('draft/get', { method: 'POST', body: JSON.stringify({ media_id }) })
    const text = reply.body.toString()
    const keys = [...text.matchAll(/"(\w+)":/g)].map(([, key]) => key)
    expect(keys).toEqual(
      (
        'news_item title author digest content content_source_url thumb_media_id show_cover_pic url thumb_url ' +
        'need_open_comment only_fans_can_comment create_time update_time'
      ).split(' '),
    )
    expect(text).toContain('"content_source_url":"https:\\/\\/a.cn\\/"')
    expect(text).toContain(`"thumb_url":${JSON.stringify(coverUrl).replaceAll('/', '\\/')}`)
  })

  it('replaces one article by its index', async () => {
    const media_id = await added(article({ title: '一' }), article({ title: '二' }))
    await wire.clock.advance(60_000)
    const update = (fields: object) => wire.calls.post('draft/update', { media_id, ...fields })
    expect(await update({ index: 1, articles: article({ title: '新' }) })).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await kept(media_id, 'title')).toEqual(['一', '新'])
    const { create_time, update_time } = await wire.calls.post('draft/get', { media_id })
    expect(Number(update_time) - Number(create_time)).toBe(60)
    expect(await update({ index: 2, articles: article() })).toMatchObject({ errcode: 40114 })
    expect(await update({ index: 0, articles: [article()] })).toMatchObject({ errcode: 47001 })
    expect(await update({ index: 0, articles: article({ content: 'x'.repeat(20_000) }) })).toMatchObject({
      errcode: 45002,
    })
    expect(await update({ media_id: 'x', index: 0, articles: article() })).toMatchObject({ errcode: 40007 })
  })

  it('counts, pages with or without content, and deletes once', async () => {
    const ids = [await added(article()), await added(article()), await added(article())].reverse()
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 3 })
    const page = await wire.calls.post('draft/batchget', { offset: 1, count: 20 })
    expect(page).toMatchObject({
      item: [
        { media_id: ids[1], content: { news_item: [{ content: '<p>正文</p>' }] } },
        { media_id: ids[2], update_time: expect.any(Number) },
      ],
      total_count: 3,
      item_count: 2,
    })
    const bare = await wire.calls.post('draft/batchget', { offset: 0, count: 1, no_content: 1 })
    expect(JSON.stringify(bare)).not.toContain('<p>')
    expect(await wire.calls.post('draft/batchget', { offset: 0, count: 21 })).toMatchObject({ errcode: 40097 })
    expect(await wire.calls.post('draft/delete', { media_id: ids[0] })).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await wire.calls.post('draft/delete', { media_id: ids[0] })).toMatchObject({ errcode: 40007 })
    expect(await wire.calls.post('draft/get', { media_id: ids[0] })).toMatchObject({ errcode: 40007 })
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 2 })
  })

  it('lists the latest change first', async () => {
    const ids = [await added(article()), await added(article())]
    await wire.clock.advance(1_000)
    await wire.calls.post('draft/update', { media_id: ids[0], index: 0, articles: article() })
    expect(await wire.calls.post('draft/batchget', { offset: 0, count: 2 })).toMatchObject({
      item: [{ media_id: ids[0] }, { media_id: ids[1] }],
    })
  })

  it('is no part of the library', async () => {
    await added(article())
    expect(await wire.calls.get('material/get_materialcount')).toMatchObject({ news_count: 0 })
  })
})

describe('legacy news', () => {
  it('is retired', async () => {
    expect(await wire.calls.post('material/add_news', { articles: [article()] })).toMatchObject({
      errcode: 45106,
      errmsg: expect.stringMatching(/^This API has been unsupported hint: /),
    })
    expect(await wire.calls.post('material/update_news', {})).toMatchObject({ errcode: 45103 })
  })

  it('works for an account that still has it', async () => {
    change({ legacyNews: true, limits: { libraryImages: 2 } })
    const content = '字'.repeat(100)
    const answer = await wire.calls.post('material/add_news', { articles: [article({ content })] })
    expect(answer).toEqual({ media_id: expect.any(String), item: [] })
    const { media_id } = answer
    expect(await wire.calls.post('material/add_news', { articles: [article()] })).toMatchObject({ errcode: 45034 })
    expect(
      await wire.calls.post('material/update_news', {
        media_id,
        index: 0,
        articles: article({ title: '新', content }),
      }),
    ).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await wire.calls.post('material/get_material', { media_id })).toMatchObject({
      news_item: [{ title: '新', digest: '字'.repeat(64) }],
      create_time: expect.any(Number),
    })
    expect(await wire.calls.get('material/get_materialcount')).toMatchObject({ news_count: 1 })
    expect(await wire.calls.post('material/batchget_material', { type: 'news', offset: 0, count: 1 })).toMatchObject({
      item: [{ media_id, content: { news_item: [{ title: '新' }] } }],
      total_count: 1,
      item_count: 1,
    })
    expect(await wire.calls.post('material/del_material', { media_id })).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await wire.calls.get('material/get_materialcount')).toMatchObject({ news_count: 0 })
  })
})

describe('a video as cover', () => {
  it('is refused', async () => {
    const thumb_media_id = await wire.calls.id('material/add_material?type=video', videoForm('{"title":"题"}'))
    expect(await add(article({ thumb_media_id }))).toMatchObject({ errcode: 40007 })
  })
})
