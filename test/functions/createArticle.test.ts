import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { updateArticle } from '../../functions/updateArticle.ts'
import { uploadArticleImage } from '../../functions/uploadArticleImage.ts'
import { CreateArticleBody } from '../../shared/core/schemas/articles.ts'
import { trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import { failingWrites } from '../support/brokenTables.ts'
import { fileBytes } from '../support/files.ts'
import { addMaterial, article, mediaFile } from '../support/library.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const KiB = 1024
/** The request table of seed004, "boolean/int" as boolean. */
const SEED = {
  title: '标题',
  author: '作者',
  digest: '摘要',
  show_cover_pic: true,
  content: '<p>正文</p>',
  content_source_url: 'https://example.com/原文?a=1&b=2',
  need_open_comment: 1,
  only_fans_can_comment: false,
}

const drafts = async (service: World, mediaId: string) => (await service.wechat.draft(APP_ID).get(mediaId)).news_item
const warningsOf = async (service: World, content: string): Promise<string[]> =>
  (await service.ok(createArticle, { body: await article(service, { content }) })).data.warnings ?? []

describe('an article', () => {
  it('with the fields of seed004 answers in its shape, switches come out as 0 or 1', async () => {
    await using service = await world()
    const cover = await addMaterial(service)
    const body = { ...SEED, thumb_media_id: cover }
    const answer = await service.ok(createArticle, { body, key: service.keys.write })
    const seed = JSON.parse('{"data":{"type":"news","app_id":"wx1231234567891230","media_id":"1324234"}}')
    expect(Object.keys(answer.data)).toEqual(Object.keys(seed.data))
    expect(answer.data).toMatchObject({ type: 'news', app_id: APP_ID })
    expect(await drafts(service, answer.data.media_id)).toMatchObject([
      { ...SEED, thumb_media_id: cover, show_cover_pic: 1, need_open_comment: 1, only_fans_can_comment: 0 },
    ])
  })

  it('needs only title, cover and content', async () => {
    await using service = await world()
    const body = { title: '题', thumb_media_id: await addMaterial(service), content: '文' }
    const { data } = await service.ok(createArticle, { body })
    expect(await drafts(service, data.media_id)).toMatchObject([
      { author: '', content_source_url: '', show_cover_pic: 0, need_open_comment: 0, only_fans_can_comment: 0 },
    ])
  })

  it.each(['新年快乐🧧 “二〇二六”', '\\u4f5c is no escape', '<a href="x?a=1&amp;b=2">é\u2028\ttab\n</a>'])(
    'keeps the text %j byte for byte',
    async text => {
      await using service = await world()
      const body = await article(service, { title: text.slice(0, 30), digest: text, content: text })
      const { data } = await service.ok(createArticle, { body })
      expect(await drafts(service, data.media_id)).toMatchObject([
        { title: text.slice(0, 30), digest: text, content: text },
      ])
    },
  )

  it('may be one of eight', async () => {
    await using service = await world()
    const one = await article(service)
    const articles = Array.from({ length: 8 }, (_, index) => ({ ...one, title: `第${index}篇` }))
    const { data } = await service.ok(createArticle, { body: { articles } })
    expect((await drafts(service, data.media_id)).map(({ title }) => title)).toEqual(articles.map(({ title }) => title))
  })

  it('goes into the library where the account is set so', async () => {
    await using service = await world()
    const appId = 'wxaaaaaaaaaaaaaaaa'
    await service.addAccount(appId, { legacyNews: true, row: { articles: 'news' } })
    const cover = await addMaterial(service, { appId })
    const { data } = await service.ok(createArticle, {
      body: { title: '题', content: '文', thumb_media_id: cover },
      appId,
    })
    expect(await service.wechat.material(appId).get(data.media_id)).toMatchObject({ kind: 'news' })
    expect(service.calls('draft/add')).toBe(0)
  })

  it('is told that WeChat retired those calls', async () => {
    await using service = await world()
    const appId = 'wxaaaaaaaaaaaaaaaa'
    await service.addAccount(appId, { row: { articles: 'news' } })
    const cover = await addMaterial(service, { appId })
    const problem = await service.fails(createArticle, {
      body: { title: '题', content: '文', thumb_media_id: cover },
      appId,
    })
    expect(problem).toMatchObject({ code: 'WECHAT_REFUSED', wechat: { errcode: 45106 } })
    expect(problem.message).toContain('draft')
  })

  it('is answered although its row cannot be written', async () => {
    await using service = await world()
    const body = await article(service)
    const ports = { table: failingWrites(service.table, draft => draft.pk.startsWith('MAT#')) }
    const { data } = await service.ok(createArticle, { body, ports })
    expect(await drafts(service, data.media_id)).toHaveLength(1)
  })

  it('whose answer is lost is unclear, not refused', async () => {
    await using service = await world()
    const body = await article(service)
    service.control.addFault({ path: '/cgi-bin/draft/add', kind: 'accept-then-reset', times: 1 })
    expect(await service.fails(createArticle, { body })).toMatchObject({ code: 'WECHAT_UNCLEAR', status_code: 504 })
    expect(service.calls('draft/add')).toBe(1)
  })
})

describe('before WeChat is asked', () => {
  it.each([
    ['a title of 65 characters', { title: '题'.repeat(65) }, 'title'],
    ['an author of 17', { author: '人'.repeat(17) }, 'author'],
    ['a digest of 129', { digest: '摘'.repeat(129) }, 'digest'],
    ['content of 20,000 characters', { content: 'x'.repeat(20_000) }, 'content'],
    [
      'an address of more than 1 KiB',
      { content_source_url: `https://e.com/${'路'.repeat(350)}` },
      'content_source_url',
    ],
    ['an empty title', { title: '' }, 'title'],
    ['no content', { content: undefined }, 'content'],
    ['no cover', { thumb_media_id: undefined }, 'thumb_media_id'],
    ['a switch of 2', { need_open_comment: 2 }, 'need_open_comment'],
    ['a switch as text', { show_cover_pic: '1' }, 'show_cover_pic'],
  ])('%s is refused and named', async (_what, changes, field) => {
    await using service = await world()
    const body = { title: '题', content: '文', thumb_media_id: 'T', ...changes }
    const problem = await service.fails(createArticle, { body })
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', details: { issues: [{ in: 'body', field }] } })
    expect(problem.message).toContain(field)
    expect(service.calls('draft/add')).toBe(0)
  })

  it('each field at fault of several articles is named', async () => {
    await using service = await world()
    const one = { title: '题', content: '文', thumb_media_id: 'T' }
    const articles = [one, { ...one, title: '题'.repeat(65), author: '人'.repeat(17) }]
    const problem = await service.fails(createArticle, { body: { articles } })
    expect(problem.details).toMatchObject({ issues: [{ field: 'articles.1.title' }, { field: 'articles.1.author' }] })
  })

  it('a missing field of one of several articles is named', async () => {
    await using service = await world()
    const one = { title: '题', content: '文', thumb_media_id: 'T' }
    const problem = await service.fails(createArticle, { body: { articles: [one, { ...one, title: undefined }] } })
    expect(problem.details).toMatchObject({ issues: [{ field: 'articles.1.title' }] })
  })

  it.each([
    ['nine articles', { articles: Array(9).fill({ title: '题', content: '文', thumb_media_id: 'T' }) }],
    ['no articles', { articles: [] }],
    ['both forms at once', { title: '题', articles: [{ title: '题', content: '文', thumb_media_id: 'T' }] }],
    ['an array', [{ title: '题', content: '文', thumb_media_id: 'T' }]],
    ['null', null],
  ])('%s is refused', async (_what, body) => {
    await using service = await world()
    expect(await service.fails(createArticle, { body })).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(service.calls('draft/add')).toBe(0)
  })

  it('a title of 64 emoji is 64 characters', async () => {
    await using service = await world()
    const { data } = await service.ok(createArticle, { body: await article(service, { title: '🧧'.repeat(64) }) })
    expect(data.warnings).toMatchObject([expect.stringContaining('title')])
  })

  it('a body of more than 256 KiB is read, one of more than 4 MiB is not', async () => {
    await using service = await world()
    const content = '文'.repeat(19_999)
    const one = { title: '题', content, thumb_media_id: await addMaterial(service) }
    const articles = Array(8).fill(one)
    expect(Buffer.byteLength(JSON.stringify({ articles }))).toBeGreaterThan(400 * KiB)
    await service.ok(createArticle, { body: { articles } })
    const large = { ...one, content: 'x'.repeat(4 * 1024 * KiB) }
    expect(await service.fails(createArticle, { body: large })).toMatchObject({ code: 'BODY_TOO_LARGE' })
  })
})

describe('a cover that WeChat does not take', () => {
  it('because it is known as temporary media is refused before WeChat is asked, in new articles and in changed ones', async () => {
    await using service = await world()
    const { media_id: mediaId } = await service.wechat.media(APP_ID).upload('thumb', mediaFile('jpg'))
    await trackMedia(service.ports, { appId: APP_ID, mediaId, source: 'upload', type: 'thumb' })
    const good = await article(service)
    const bad = { ...good, thumb_media_id: mediaId }
    const refusal = (field: string) => ({
      code: 'INVALID_REQUEST',
      details: { issues: [{ in: 'body', field, problem: 'is of temporary media' }] },
    })
    expect(await service.fails(createArticle, { body: bad })).toMatchObject(refusal('thumb_media_id'))
    const several = { articles: [good, bad] }
    expect(await service.fails(createArticle, { body: several })).toMatchObject(refusal('articles.1.thumb_media_id'))
    const change = { params: { mediaId: 'M' }, body: { article: bad } }
    expect(await service.fails(updateArticle, change)).toMatchObject(refusal('article.thumb_media_id'))
    expect(service.calls('draft/add') + service.calls('draft/update')).toBe(0)
  })

  it('is for WeChat to judge while only a caller says that it is temporary', async () => {
    await using service = await world()
    const body = await article(service)
    await trackMedia(service.ports, { appId: APP_ID, mediaId: body.thumb_media_id, source: 'tracked' })
    await service.ok(createArticle, { body })
  })

  it.each([
    [
      'a temporary media',
      async (service: World) => (await service.wechat.media(APP_ID).upload('thumb', mediaFile('jpg'))).media_id,
    ],
    ['unknown', async () => 'no-such-cover'],
  ] as const)('%s is refused with the reason', async (_what, make) => {
    await using service = await world()
    const body = { title: '题', content: '文', thumb_media_id: await make(service) }
    const problem = await service.fails(createArticle, { body })
    expect(problem).toMatchObject({ code: 'WECHAT_REFUSED', status_code: 422, wechat: { errcode: 40007 } })
    expect(problem.message).toContain('thumb_media_id must be a permanent image')
  })
})

describe('warnings', () => {
  it('name every image that WeChat drops, and it drops exactly those', async () => {
    await using service = await world()
    const form = multipartBody([{ name: 'f', filename: '图.png', contentType: 'image/png', bytes: fileBytes('png') }])
    const { data } = await service.ok(uploadArticleImage, { form })
    const content = `<p><img src="${data.url}"><img alt='a > b' src='https://e.com/外.png?a=1&amp;b=2'><IMG
      data-src=//e.com/2.png><img></p>`
    const body = await article(service, { content })
    const answer = await service.ok(createArticle, { body })
    expect(answer.data.warnings).toEqual([
      'content: WeChat drops the image https://e.com/外.png?a=1&b=2; upload it with POST /wechat/material/article/image.',
      'content: WeChat drops the image //e.com/2.png; upload it with POST /wechat/material/article/image.',
      'content: WeChat drops the image without a source; upload it with POST /wechat/material/article/image.',
    ])
    const [kept] = await drafts(service, answer.data.media_id)
    expect(kept?.content.match(/<img[^>]*>/gi)).toEqual([`<img src="${data.url}">`])
  })

  it('name the article of several', async () => {
    await using service = await world()
    const one = await article(service)
    const body = { articles: [one, { ...one, content: '<img src="https://e.com/1.png">' }] }
    const { data } = await service.ok(createArticle, { body })
    expect(data.warnings).toMatchObject([expect.stringMatching(/^articles\.1\.content: .*https:\/\/e\.com\/1\.png/)])
  })

  it.each([
    'http://mmbiz.qpic.cn/mmbiz_png/k/0?wx_fmt=png',
    'https://mmbiz.qpic.cn/mmbiz_jpg/k/640',
    '//mmbiz.qlogo.cn/mmbiz/k/0',
  ])('are not given for %s', async source => {
    await using service = await world()
    expect(await warningsOf(service, `<img src="${source}">`)).toEqual([])
  })

  it.each([
    'https://mmbiz.qpic.cn.evil.com/a.png',
    'https://evil.com/mmbiz.qpic.cn/a.png',
    'https://mmbiz.qpic.cn@evil.com/a.png',
    'https://xqpic.cn/a.png',
    'data:image/png;base64,iVBORw0KGgo=',
    '/a.png',
    'http://[broken',
  ])('are given for %s', async source => {
    await using service = await world()
    expect(await warningsOf(service, `<img src="${source}">`)).toMatchObject([expect.stringContaining(source)])
  })
})

describe('the schema', () => {
  const Flag = fc.constantFrom(true, false, 0, 1)
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
  const fields = fc.record(
    {
      title: text,
      thumb_media_id: text,
      content: text,
      author: text,
      digest: text,
      content_source_url: text,
      show_cover_pic: Flag,
      need_open_comment: Flag,
      only_fans_can_comment: Flag,
    },
    { requiredKeys: ['title', 'thumb_media_id', 'content'] },
  )

  it('takes one article alone as it takes a list of it, text untouched, switches as 0 or 1', () => {
    fc.assert(
      fc.property(fields, body => {
        const [alone] = CreateArticleBody.parse(body)
        expect(CreateArticleBody.parse({ articles: [body] })).toEqual([alone])
        const { show_cover_pic = 0, need_open_comment = 0, only_fans_can_comment = 0, ...texts } = body
        expect(alone).toMatchObject(texts)
        expect(alone).toMatchObject({
          show_cover_pic: Number(show_cover_pic),
          need_open_comment: Number(need_open_comment),
          only_fans_can_comment: Number(only_fans_can_comment),
        })
      }),
    )
  })

  it('never throws anything but refusals, whatever comes', () => {
    fc.assert(fc.property(fc.jsonValue(), body => void CreateArticleBody.safeParse(body)))
  })
})
