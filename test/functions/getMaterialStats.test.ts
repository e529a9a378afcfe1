import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { addMaterial, article } from '../support/library.ts'
import { world } from '../support/world.ts'

describe('the statistics', () => {
  it('have the shape of seed004', async () => {
    await using service = await world()
    const seed = JSON.parse('{"data":{"voice_count":10,"video_count":10,"image_count":10,"news_count":10}}')
    const answer = await service.ok(getMaterialStats, { key: service.keys.read })
    expect(Object.keys(answer.data).sort()).toEqual(Object.keys(seed.data).sort())
    expect(answer).toEqual({ data: { voice_count: 0, video_count: 0, image_count: 0, news_count: 0 } })
  })

  it('count each type, drafts as news', async () => {
    await using service = await world()
    await addMaterial(service, { type: 'voice', format: 'mp3' })
    await addMaterial(service, { type: 'video', format: 'mp4' })
    const cover = await addMaterial(service, { type: 'thumb' })
    await service.ok(createArticle, { body: await article(service, { thumb_media_id: cover }) })
    const { data } = await service.ok(getMaterialStats)
    expect(data).toEqual({ voice_count: 1, video_count: 1, image_count: 1, news_count: 1 })
    expect(service.calls('draft/count')).toBe(1)
  })

  it('count legacy news for an account set so, and for ?source=news, without asking the draft box', async () => {
    await using service = await world({ account: { legacyNews: true } })
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { legacyNews: true, row: { articles: 'news' } })
    const added = await service.wechat.material('wxaaaaaaaaaaaaaaaa')
    const cover = await addMaterial(service, { appId: 'wxaaaaaaaaaaaaaaaa' })
    await added.addNews([{ title: '旧', content: '文', thumb_media_id: cover }])
    const other = await service.ok(getMaterialStats, { appId: 'wxaaaaaaaaaaaaaaaa' })
    expect(other.data).toMatchObject({ image_count: 1, news_count: 1 })
    await service.ok(getMaterialStats, { query: { source: 'news' } })
    expect(service.calls('draft/count')).toBe(0)
  })

  it('are 503 while WeChat cannot be reached', async () => {
    await using service = await world()
    service.weChatIsDown = true
    const problem = await service.drive(service.fails(getMaterialStats))
    expect(problem).toMatchObject({ status_code: 503 })
  })

  it('tell of a quota that is used up', async () => {
    await using service = await world({ account: { quotas: { '/cgi-bin/material/get_materialcount': 0 } } })
    const problem = await service.fails(getMaterialStats)
    expect(problem).toMatchObject({ code: 'WECHAT_QUOTA', status_code: 429, wechat: { errcode: 45009 } })
  })

  it('are not for mini programs', async () => {
    await using service = await world()
    await service.addAccount('wxbbbbbbbbbbbbbbbb', { row: { kind: 'mini_program' } })
    const problem = await service.fails(getMaterialStats, { appId: 'wxbbbbbbbbbbbbbbbb' })
    expect(problem).toMatchObject({ code: 'NOT_FOR_MINI_PROGRAM', status_code: 424 })
  })
})
