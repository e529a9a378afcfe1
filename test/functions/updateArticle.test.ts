import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { updateArticle } from '../../functions/updateArticle.ts'
import type { Article } from '../../shared/ports/wechat.ts'
import { addMaterial, article } from '../support/library.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

interface Made {
  mediaId: string
  one: Article
}

/** A draft of `count` articles. */
async function draft(service: World, count = 1): Promise<Made> {
  const one = await article(service)
  const { data } = await service.ok(createArticle, { body: { articles: Array(count).fill(one) } })
  return { mediaId: data.media_id, one }
}

const titles = async (service: World, mediaId: string): Promise<string[]> =>
  (await service.wechat.draft(APP_ID).get(mediaId)).news_item.map(({ title }) => title)
const ask = (mediaId: string, body: unknown, headers: Record<string, string> = {}): Ask => ({
  params: { mediaId },
  body,
  headers,
})
const etagOf = async (service: World, mediaId: string): Promise<string> =>
  (await service.request(getMaterial, { params: { mediaId } })).headers.get('etag') ?? ''

describe('changing an article', () => {
  it('answers in the shape of seed004, with an object or an array of one', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service)
    const answer = await service.ok(updateArticle, ask(mediaId, { article: { ...one, title: '改一' } }))
    const seed = JSON.parse('{"data":{"messages":"xxxx","status_code":"xxxx"}}')
    expect(Object.keys(answer.data)).toEqual(expect.arrayContaining(Object.keys(seed.data)))
    expect(answer).toEqual({ data: { message: 'ok', messages: 'ok', status_code: 200 } })
    expect(await titles(service, mediaId)).toEqual(['改一'])
    await service.ok(updateArticle, ask(mediaId, { article: [{ ...one, title: '改二' }], index: 0 }))
    expect(await titles(service, mediaId)).toEqual(['改二'])
    expect(service.calls('draft/update')).toBe(2)
  })

  it('changes only the one of that index', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service, 3)
    await service.ok(updateArticle, ask(mediaId, { article: { ...one, title: '第三篇' }, index: 2 }))
    expect(await titles(service, mediaId)).toEqual([one.title, one.title, '第三篇'])
  })

  it('warns of images that WeChat drops', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service)
    const content = '<img src="https://e.com/1.png">'
    const { data } = await service.ok(updateArticle, ask(mediaId, { article: { ...one, content } }))
    expect(data.warnings).toMatchObject([
      expect.stringContaining('article.content: WeChat drops the image https://e.com'),
    ])
  })

  it('of before the draft box uses the call of that time', async () => {
    await using service = await world()
    const appId = 'wxaaaaaaaaaaaaaaaa'
    await service.addAccount(appId, { legacyNews: true, row: { articles: 'news' } })
    const one = { title: '旧', content: '文', thumb_media_id: await addMaterial(service, { appId }) }
    const { media_id: mediaId } = await service.wechat.material(appId).addNews([one])
    await service.ok(updateArticle, { ...ask(mediaId, { article: { ...one, title: '新' } }), appId })
    expect(await service.wechat.material(appId).get(mediaId)).toMatchObject({ news_item: [{ title: '新' }] })
  })

  it.each([
    ['two articles', (one: Article) => ({ article: [one, one] }), 'article'],
    ['no articles', () => ({ article: [] }), 'article'],
    ['none at all', () => ({}), 'article'],
    ['an article without title', (one: Article) => ({ article: { ...one, title: undefined } }), 'article.title'],
    [
      'one in an array without title',
      (one: Article) => ({ article: [{ ...one, title: undefined }] }),
      'article.0.title',
    ],
    ['a title of 65', (one: Article) => ({ article: { ...one, title: '题'.repeat(65) } }), 'article.title'],
    ['a negative index', (one: Article) => ({ article: one, index: -1 }), 'index'],
    ['half an index', (one: Article) => ({ article: one, index: 0.5 }), 'index'],
    ['index 8', (one: Article) => ({ article: one, index: 8 }), 'index'],
  ])('to %s is refused and named', async (_what, body, field) => {
    await using service = await world()
    const { mediaId, one } = await draft(service)
    const problem = await service.fails(updateArticle, ask(mediaId, body(one)))
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', details: { issues: [{ in: 'body', field }] } })
    expect(service.calls('draft/update')).toBe(0)
  })

  it('at an index without an article is 422 from WeChat', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service, 2)
    const problem = await service.fails(updateArticle, ask(mediaId, { article: one, index: 2 }))
    expect(problem).toMatchObject({ code: 'WECHAT_REFUSED', status_code: 422, wechat: { errcode: 40114 } })
  })

  it('that does not exist is 404', async () => {
    await using service = await world()
    const problem = await service.fails(updateArticle, ask('no-such-draft', { article: await article(service) }))
    expect(problem).toMatchObject({ code: 'MEDIA_NOT_FOUND', status_code: 404, wechat: { errcode: 40007 } })
  })
})

describe('with If-Match', () => {
  it('an article that nobody changed is changed', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service)
    const etag = await etagOf(service, mediaId)
    const change = ask(mediaId, { article: { ...one, title: '改' } }, { 'if-match': etag })
    await service.ok(updateArticle, change)
    expect(await titles(service, mediaId)).toEqual(['改'])
    expect(await service.fails(updateArticle, change)).toMatchObject({ code: 'PRECONDITION_FAILED', status_code: 412 })
  })

  it.each(['title', 'content', 'digest', 'author', 'content_source_url'] as const)(
    'an article whose %s the console changed meanwhile is left alone',
    async field => {
      await using service = await world()
      const { mediaId, one } = await draft(service, 2)
      const etag = await etagOf(service, mediaId)
      const theirs = { ...one, [field]: 'http://e.c' }
      await service.wechat.draft(APP_ID).update(mediaId, 1, theirs)
      const before = service.calls('draft/update')
      const change = ask(mediaId, { article: { ...one, title: '改' } }, { 'if-match': etag })
      const problem = await service.fails(updateArticle, change)
      expect(problem).toMatchObject({ code: 'PRECONDITION_FAILED', status_code: 412 })
      expect(`"${problem.details['etag']}"`).toBe(await etagOf(service, mediaId))
      expect(service.calls('draft/update')).toBe(before)
    },
  )

  it('* an article that exists is changed, one that does not is 404', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service)
    await service.ok(updateArticle, ask(mediaId, { article: one }, { 'if-match': '*' }))
    const missing = ask('no-such-draft', { article: one }, { 'if-match': '*' })
    expect(await service.fails(updateArticle, missing)).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    expect(service.calls('draft/update')).toBe(1)
  })

  it('an index without an article is refused before the change', async () => {
    await using service = await world()
    const { mediaId, one } = await draft(service, 2)
    const headers = { 'if-match': await etagOf(service, mediaId) }
    const problem = await service.fails(updateArticle, ask(mediaId, { article: one, index: 2 }, headers))
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', details: { issues: [{ in: 'body', field: 'index' }] } })
    expect(service.calls('draft/update')).toBe(0)
  })
})
