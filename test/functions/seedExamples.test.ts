/**
 * The nine operations of seed004 against its own JSON examples. Words in capitals have become values of the type that the
 * tables beside them name; nothing else is changed.
 */
import { expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { listMaterials } from '../../functions/listMaterials.ts'
import { updateArticle } from '../../functions/updateArticle.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import { fileBytes } from '../support/files.ts'
import { addMaterial, article, mediaFile } from '../support/library.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const NEWS_ITEM = `{
  "title": "TITLE", "thumb_media_id": "THUMB_MEDIA_ID", "show_cover_pic": 0, "author": "AUTHOR",
  "digest": "DIGEST", "content": "CONTENT", "url": "URL", "content_source_url": "CONTETN_SOURCE_URL"
}`
const CHANGED = '{"data":{"messages":"xxxx","message":"xxxx","status_code":200}}'

const imageForm = () =>
  multipartBody([
    { name: 'file_field', bytes: '图片' },
    { name: '图片', filename: '日落.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg') },
  ])

async function draftOf(service: World): Promise<string> {
  return (await service.ok(createArticle, { body: await article(service) })).data.media_id
}

const EXAMPLES: [name: string, example: string, answer: (service: World) => Promise<unknown>][] = [
  [
    '1 添加临时素材',
    '{"data":{"type":"TYPE","media_id":"MEDIA_ID","created_at":123456789}}',
    service => service.ok(uploadTemporaryMedia, { form: imageForm() }),
  ],
  [
    '2 永久图文素材',
    '{"data":{"type":"news","app_id":"wx1231234567891230","media_id":"1324234"}}',
    async service => service.ok(createArticle, { body: await article(service) }),
  ],
  [
    '3 上传永久性图片、视频、音频素材',
    '{"data":{"url":"xxxxx"}}',
    service => service.ok(uploadMaterial, { params: { type: 'image' }, form: imageForm() }),
  ],
  [
    '4 统计素材',
    '{"data":{"voice_count":10,"video_count":10,"image_count":10,"news_count":10}}',
    service => service.ok(getMaterialStats),
  ],
  [
    '5 获取素材列表, 图文',
    `{"total_count":1,"item_count":1,"item":[{"media_id":"MEDIA_ID","content":{"news_item":[${NEWS_ITEM}]},"update_time":1}]}`,
    async service => {
      await draftOf(service)
      return service.ok(listMaterials, { query: { type: 'news' } })
    },
  ],
  [
    '5 获取素材列表, 图片、视频、音频',
    '{"total_count":1,"item_count":1,"item":[{"media_id":"MEDIA_ID","name":"NAME","update_time":1,"url":"URL"}]}',
    async service => {
      await addMaterial(service, { type: 'video', format: 'mp4' })
      return service.ok(listMaterials, { query: { type: 'video' } })
    },
  ],
  [
    '6 图文素材修改',
    CHANGED,
    async service => {
      const body = { article: [await article(service)], index: 0 }
      return service.ok(updateArticle, { params: { mediaId: await draftOf(service) }, body })
    },
  ],
  [
    '7 获取指定永久性素材, 图文',
    `{"news_item":[${NEWS_ITEM}]}`,
    async service => service.ok(getMaterial, { params: { mediaId: await draftOf(service) } }),
  ],
  [
    '7 获取指定永久性素材, 图片、视频、音频',
    '{"title":"TITLE","description":"DESCRIPTION","down_url":"DOWN_URL"}',
    async service => service.ok(getMaterial, { params: { mediaId: await addMaterial(service) } }),
  ],
  [
    '8 获取指定临时性素材, 视频',
    '{"video_url":"DOWN_URL"}',
    async service => {
      const { media_id: mediaId } = await service.wechat.media(APP_ID).upload('video', mediaFile('mp4'))
      await service.clock.advance(10_000)
      return service.ok(getTemporaryMedia, { params: { mediaId } })
    },
  ],
  [
    '9 删除指定素材',
    CHANGED,
    async service => service.ok(deleteMaterial, { params: { mediaId: await addMaterial(service) } }),
  ],
]

it.each(EXAMPLES)('%s', async (_name, example, answer) => {
  await using service = await world()
  expect(shapeOf(await answer(service))).toMatchObject(Object(shapeOf(JSON.parse(example))))
})

it('a failure has message and status_code', async () => {
  await using service = await world()
  const problem = await service.fails(getMaterialStats, { appId: 'wx' })
  expect(problem).toMatchObject({ message: expect.any(String), status_code: 400 })
})

/** The value with the types of its leaves in their place. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shapeOf(item)]))
}
