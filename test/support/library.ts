/** Things in WeChat's library and draft box, and the way back from our answers to their bytes. */
import { Readable } from 'node:stream'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import type { Article, MediaFile, MediaType } from '../../shared/ports/wechat.ts'
import { CONTENT_TYPES, fileBytes } from './files.ts'
import type { Recorded } from './hosting.ts'
import type { Download } from './testHost.ts'
import { APP_ID, type World } from './world.ts'

/** The ids that recorded events name. */
const RECORDED = {
  material: 'Zk3vN8tYqR2mW5xJ7cL0pB4sD6fG9hA1eU-iO_yTrEw',
  cover: 'cV7pX2bQ9kLmT4nR8sWzY1aD3fG6hJ0eU-iO_yTrEwQ',
  draft: 'dR5kM1vC8xZ3lP7oB2nH9jG4fS6aQ0wE-tY_uIrTnXz',
  temporary: 'tM4gH9sL2dF7kJ1pA6zX3cV8bN5qW0eR-uT_yIoPmSd',
}

/** A file fit for WeChat. */
export function mediaFile(format: FileFormat, filename = `日落.${format}`, bytes = fileBytes(format)): MediaFile {
  const open = async () => Readable.from([bytes])
  return { filename, contentType: CONTENT_TYPES[format], size: bytes.length, open }
}

/** Adds permanent material behind the service's back, as a console user would. */
export async function addMaterial(
  service: World,
  {
    type = 'image',
    format = 'jpg',
    appId = APP_ID,
    bytes = fileBytes(format),
    filename = `日落.${format}`,
  }: Added = {},
): Promise<string> {
  const description = type === 'video' ? { title: '春节 “一”', introduction: '简介 & 说明' } : undefined
  const file = mediaFile(format, filename, bytes)
  return (await service.wechat.material(appId).add(type, file, description)).media_id
}

/** What is added. */
export interface Added {
  type?: MediaType
  format?: FileFormat
  appId?: string
  bytes?: Buffer
  filename?: string
}

/** An article that WeChat takes; its cover is added for it. */
export async function article(service: World, changes: Partial<Article> = {}): Promise<Article> {
  const cover = changes.thumb_media_id ?? (await addMaterial(service))
  return { title: '春节', content: '<p>正文</p>', author: '小红', digest: '摘要', ...changes, thumb_media_id: cover }
}

/** The bytes behind a signed address, and what it promises of them. */
export async function behind(service: World, address: string): Promise<Download> {
  const found = await service.download(address)
  if (!found) throw new Error(`nothing is stored at ${address}`)
  return found
}

/** Makes what recorded events are about; a simulated id comes into the place of each recorded one. */
export async function withMedia(service: World): Promise<(event: Recorded) => Recorded> {
  const cover = await addMaterial(service)
  const { media_id: temporary } = await service.wechat.media(APP_ID).upload('image', mediaFile('jpg'))
  const { media_id: draft } = await service.wechat
    .draft(APP_ID)
    .add([{ title: '题', content: '文', thumb_media_id: cover }])
  const ids = { material: await addMaterial(service), cover, draft, temporary }
  return event => {
    let text = JSON.stringify(event)
    text = text.replaceAll(RECORDED.material, ids.material).replaceAll(RECORDED.cover, ids.cover)
    text = text.replaceAll(RECORDED.draft, ids.draft).replaceAll(RECORDED.temporary, ids.temporary)
    return { ...JSON.parse(text) }
  }
}
