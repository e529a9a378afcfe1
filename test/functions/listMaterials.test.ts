import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { listMaterials } from '../../functions/listMaterials.ts'
import type { WeChat } from '../../shared/ports/wechat.ts'
import { fileBytes } from '../support/files.ts'
import { addMaterial, article } from '../support/library.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const BATCHGET = 'material/batchget_material'
const ask = (query: Record<string, string>): Ask => ({ query })

/** `count` images, newest last. */
async function images(service: World, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    ids.push(await addMaterial(service, { filename: `图${index}.jpg`, bytes: fileBytes('jpg', 100 + index) }))
    await service.clock.advance(1_000)
  }
  return ids
}

/** WeChat with a library that `list` answers for, and the offsets it was asked for. */
function libraryOf(
  wechat: WeChat,
  list: (offset: number, count: number) => string[],
): { wechat: WeChat; asked: number[] } {
  const asked: number[] = []
  const material: WeChat['material'] = appId => ({
    ...wechat.material(appId),
    list: async (_type, offset, count) => {
      asked.push(offset)
      // Later pages answer first.
      await new Promise(resolve => setImmediate(resolve))
      if (offset === 0) await new Promise(resolve => setImmediate(resolve))
      const item = list(offset, count).map(id => ({ media_id: id, name: id, update_time: 1 }))
      return { total_count: 500, item_count: item.length, item }
    },
  })
  return { wechat: { ...wechat, material }, asked }
}

describe('a list', () => {
  it('of files has the shape of seed004', async () => {
    await using service = await world()
    const [mediaId] = await images(service, 1)
    const seed = JSON.parse(
      `{"total_count":1,"item_count":1,"item":[{"media_id":"M","name":"N","update_time":1,"url":"U"}]}`,
    )
    const answer = await service.ok(listMaterials, { ...ask({ type: 'image' }), key: service.keys.read })
    expect(Object.keys(answer)).toEqual(Object.keys(seed))
    expect(Object.keys(answer.item[0] ?? {}).sort()).toEqual(Object.keys(seed.item[0]).sort())
    expect(answer).toMatchObject({ total_count: 1, item_count: 1, item: [{ media_id: mediaId, name: '图0.jpg' }] })
  })

  it('of voices has the url of seed004 although WeChat gives none', async () => {
    await using service = await world()
    await addMaterial(service, { type: 'voice', format: 'mp3' })
    expect((await service.ok(listMaterials, ask({ type: 'voice' }))).item).toMatchObject([{ url: '' }])
  })

  it('of news has the shape of seed004 and holds drafts, Chinese as it is', async () => {
    await using service = await world()
    const one = await article(service, { title: '新年“快乐”', digest: '摘要' })
    const { data } = await service.ok(createArticle, { body: { articles: [one, one] } })
    const seed =
      JSON.parse(`{"total_count":1,"item_count":1,"item":[{"media_id":"M","content":{"news_item":[{"title":"T",
      "thumb_media_id":"T","show_cover_pic":0,"author":"A","digest":"D","content":"C","url":"U","content_source_url":"S"}]},
      "update_time":1}]}`)
    const answer = await service.ok(listMaterials, ask({ type: 'news' }))
    expect(Object.keys(answer)).toEqual(Object.keys(seed))
    expect(Object.keys(answer.item[0] ?? {})).toEqual(expect.arrayContaining(Object.keys(seed.item[0])))
    expect(answer.item).toMatchObject([
      { media_id: data.media_id, content: { news_item: [{ title: '新年“快乐”', digest: '摘要' }, {}] } },
    ])
    expect(service.calls('draft/batchget')).toBe(1)
    expect(service.calls(BATCHGET)).toBe(0)
  })

  it('of legacy news comes by ?source=news, and for an account set so', async () => {
    await using service = await world({ account: { legacyNews: true } })
    const { media_id } = await service.wechat.material(APP_ID).addNews([await article(service)])
    const answer = await service.ok(listMaterials, ask({ type: 'news', source: 'news' }))
    expect(answer.item).toMatchObject([{ media_id }])
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { legacyNews: true, row: { articles: 'news' } })
    await service.ok(listMaterials, { ...ask({ type: 'news' }), appId: 'wxaaaaaaaaaaaaaaaa' })
    expect(service.calls('draft/batchget')).toBe(0)
  })

  it('has 15 items a page unless told, newest first, and a page beyond the end is empty', async () => {
    await using service = await world()
    const ids = (await images(service, 17)).reverse()
    const names = async (query: Record<string, string>) =>
      (await service.ok(listMaterials, ask({ type: 'image', ...query }))).item.map(({ media_id }) => media_id)
    expect(await names({})).toEqual(ids.slice(0, 15))
    expect(await names({ page: '2' })).toEqual(ids.slice(15))
    expect(await names({ page: '3', limit: '5' })).toEqual(ids.slice(10, 15))
    const beyond = await service.ok(listMaterials, ask({ type: 'image', page: '9' }))
    expect(beyond).toEqual({ total_count: 17, item_count: 0, item: [] })
  })
})

describe('a page of up to 100', () => {
  it('comes from calls of 20 at once, in the order of WeChat', async () => {
    await using service = await world()
    const ids = (await images(service, 105)).reverse()
    const before = service.calls(BATCHGET)
    const answer = await service.ok(listMaterials, ask({ type: 'image', limit: '100' }))
    expect(answer.item.map(({ media_id }) => media_id)).toEqual(ids.slice(0, 100))
    expect(answer).toMatchObject({ total_count: 105, item_count: 100 })
    expect(service.calls(BATCHGET) - before).toBe(5)
    const rest = await service.ok(listMaterials, ask({ type: 'image', limit: '100', page: '2' }))
    expect(rest.item.map(({ media_id }) => media_id)).toEqual(ids.slice(100))
  })

  it.each([
    ['20', '1', [0]],
    ['21', '1', [0, 20]],
    ['50', '3', [100, 120, 140]],
  ])('of %s items, page %s, asks only for its own', async (limit, page, offsets) => {
    await using service = await world()
    const counts: number[] = []
    const fake = libraryOf(service.wechat, (offset, count) => {
      counts.push(count)
      return Array.from({ length: count }, (_, index) => `m${offset + index}`)
    })
    const query = { type: 'image', limit, page }
    const answer = await service.ok(listMaterials, { ...ask(query), ports: { wechat: fake.wechat } })
    expect(fake.asked).toEqual(offsets)
    expect(counts.reduce((sum, count) => sum + count)).toBe(Number(limit))
    const first = (Number(page) - 1) * Number(limit)
    expect(answer.item.map(({ media_id }) => media_id)).toEqual(
      Array.from({ length: Number(limit) }, (_, index) => `m${first + index}`),
    )
  })

  it('names an item once that moved from one call to the next', async () => {
    await using service = await world()
    const fake = libraryOf(service.wechat, (offset, count) =>
      Array.from({ length: count }, (_, index) => `m${offset + index - (offset > 0 ? 1 : 0)}`),
    )
    const answer = await service.ok(listMaterials, {
      ...ask({ type: 'image', limit: '40' }),
      ports: { wechat: fake.wechat },
    })
    const ids = answer.item.map(({ media_id }) => media_id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(answer.item_count).toBe(39)
  })
})

describe('a query', () => {
  it.each([
    [{}, 'type'],
    [{ type: 'thumb' }, 'type'],
    [{ type: 'image', page: '0' }, 'page'],
    [{ type: 'image', page: '1.5' }, 'page'],
    [{ type: 'image', limit: '101' }, 'limit'],
    [{ type: 'image', limit: '' }, 'limit'],
    [{ type: 'news', source: 'drafts' }, 'source'],
  ])('%o is refused and named', async (query, field) => {
    await using service = await world()
    expect(await service.fails(listMaterials, ask(query))).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { issues: [{ in: 'query', field }] },
    })
  })
})
