import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { addMaterial, article, behind, mediaFile } from '../support/library.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const OTHER = 'wxaaaaaaaaaaaaaaaa'
const ask = (mediaId: string, query: Record<string, string> = {}): Ask => ({ params: { mediaId }, query })
const kinds = (service: World): string[] => service.control.ledger(APP_ID).map(({ kind }) => kind)

describe('deleting', () => {
  it('material answers in the shape of seed004', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const answer = await service.ok(deleteMaterial, { ...ask(mediaId), key: service.keys.write })
    const seed = JSON.parse('{"data":{"messages":"xxxx","status_code":"xxxx"}}')
    expect(Object.keys(answer.data)).toEqual(expect.arrayContaining(Object.keys(seed.data)))
    expect(answer).toEqual({ data: { message: 'ok', messages: 'ok', status_code: 200 } })
    expect(kinds(service)).toContain('material/del_material')
    expect(await service.fails(getMaterial, ask(mediaId))).toMatchObject({ status_code: 404 })
  })

  it('takes our copy along', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const found = await service.ok(getMaterial, ask(mediaId))
    const { key } = await behind(service, 'down_url' in found ? found.down_url : '')
    await service.ok(deleteMaterial, ask(mediaId))
    expect(await service.objects.head(key)).toBeUndefined()
    expect(await service.table.get({ pk: `MAT#${APP_ID}`, sk: mediaId })).toBeUndefined()
    expect(await service.fails(getMaterial, ask(mediaId))).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
  })

  it('a draft that we made asks nobody what it is', async () => {
    await using service = await world()
    const { data } = await service.ok(createArticle, { body: await article(service) })
    await service.ok(deleteMaterial, ask(data.media_id))
    expect(kinds(service)).toContain('draft/delete')
    expect(service.calls('draft/get') + service.calls('material/del_material')).toBe(0)
  })

  it('a draft of somebody else finds it in the draft box first', async () => {
    await using service = await world()
    const { media_id } = await service.wechat.draft(APP_ID).add([await article(service)])
    await service.ok(deleteMaterial, ask(media_id))
    expect(service.calls('draft/get')).toBe(1)
    expect(service.calls('draft/delete')).toBe(1)
    expect(service.calls('material/del_material')).toBe(0)
  })

  it.each([
    ['material', 0, 1],
    ['draft', 1, 0],
  ] as const)('by ?kind=%s asks only there', async (kind, drafts, materials) => {
    await using service = await world()
    const mediaId =
      kind === 'material'
        ? await addMaterial(service)
        : (await service.wechat.draft(APP_ID).add([await article(service)])).media_id
    await service.ok(deleteMaterial, ask(mediaId, { kind }))
    expect(service.calls('draft/get')).toBe(0)
    expect([service.calls('draft/delete'), service.calls('material/del_material')]).toEqual([drafts, materials])
  })

  it('legacy news by ?source=news', async () => {
    await using service = await world({ account: { legacyNews: true } })
    const { media_id } = await service.wechat.material(APP_ID).addNews([await article(service)])
    await service.ok(deleteMaterial, ask(media_id, { source: 'news' }))
    expect(service.calls('draft/get')).toBe(0)
  })
})

describe('nothing is deleted on a guess', () => {
  it.each([-1, 45009, 48001])('when the draft box answers %i', async errcode => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    service.control.addFault({ path: '/cgi-bin/draft/get', kind: 'errcode', errcode })
    await service.drive(service.fails(deleteMaterial, ask(mediaId)))
    expect(service.calls('material/del_material') + service.calls('draft/delete')).toBe(0)
  })

  it.each(['html', 'empty', 'reset-before', 'status'] as const)('when its answer is lost (%s)', async kind => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    service.control.addFault({ path: '/cgi-bin/draft/get', kind })
    await service.drive(service.fails(deleteMaterial, ask(mediaId)))
    expect(service.calls('material/del_material') + service.calls('draft/delete')).toBe(0)
  })

  it('a wrong ?kind does not overrule what we know', async () => {
    await using service = await world()
    const { data } = await service.ok(createArticle, { body: await article(service) })
    await service.ok(deleteMaterial, ask(data.media_id, { kind: 'material' }))
    expect(service.calls('material/del_material')).toBe(0)
  })
})

describe('an id that is not there', () => {
  it.each([
    ['unknown', async () => 'no-such-media'],
    [
      'temporary',
      async (service: World) => (await service.wechat.media(APP_ID).upload('image', mediaFile('jpg'))).media_id,
    ],
    ['of another account', (service: World) => addMaterial(service, { appId: OTHER })],
  ] as const)('%s is 404 and nothing is deleted', async (_what, make) => {
    await using service = await world()
    await service.addAccount(OTHER)
    const mediaId = await make(service)
    const problem = await service.fails(deleteMaterial, ask(mediaId))
    expect(problem).toMatchObject({ code: 'MEDIA_NOT_FOUND', status_code: 404, wechat: { errcode: 40007 } })
    expect(service.control.ledger().map(({ kind }) => kind)).not.toContain('material/del_material')
  })

  it('any more is 404, and what we had of it goes', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const found = await service.ok(getMaterial, ask(mediaId))
    const { key } = await behind(service, 'down_url' in found ? found.down_url : '')
    service.control.deleteMedia(mediaId)
    expect(await service.fails(deleteMaterial, ask(mediaId))).toMatchObject({ status_code: 404 })
    expect(await service.objects.head(key)).toBeUndefined()
  })

  it('cannot be deleted by a key for reading', async () => {
    await using service = await world()
    const mediaId = await addMaterial(service)
    const problem = await service.fails(deleteMaterial, { ...ask(mediaId), key: service.keys.read })
    expect(problem).toMatchObject({ status_code: 403 })
    expect(service.calls('material/del_material')).toBe(0)
  })
})
