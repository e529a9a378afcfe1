/** Permanent material as request builders and answer judges (wechat-api.md §3). */
import type {
  MaterialCount,
  MaterialItem,
  MaterialList,
  MediaFile,
  MediaType,
  NewsMaterial,
  PermanentMaterial,
  VideoDescription,
} from '../ports/wechat.ts'
import { type ApiAnswer, type ApiRequest, fileRequest, getRequest, jsonRequest, slow } from './apiCall.ts'
import { integer, notUnderstood, objects, requiredNumber, requiredText, succeeded, text } from './judge.ts'
import { multipartBody } from './multipart.ts'
import { newsOf } from './news.ts'
import type { VideoFacts } from './video.ts'

/** The types that batchget_material lists; thumbs are among the images. */
export type ListedType = 'image' | 'voice' | 'video'

/** POST material/add_material; a video needs its description. */
export function addMaterialRequest(
  type: MediaType,
  file: MediaFile,
  extra: { description: VideoDescription | undefined; boundary: string },
): ApiRequest {
  return fileRequest('material/add_material', { type }, multipartBody(file, extra.description, extra.boundary))
}

/** A success without media_id was seen (EasyWeChat#304): that is an unclear outcome. */
export function addMaterialAnswer(answer: ApiAnswer): PermanentMaterial {
  const value = succeeded('material/add_material', answer)
  return { media_id: requiredText('material/add_material', answer, value['media_id']), url: text(value['url']) }
}

/** GET material/get_materialcount. */
export function countRequest(): ApiRequest {
  return getRequest('material/get_materialcount')
}

/** All four counts must be there. */
export function countAnswer(answer: ApiAnswer): MaterialCount {
  const value = succeeded('material/get_materialcount', answer)
  const count = (name: string) => requiredNumber('material/get_materialcount', answer, value[name])
  return {
    voice_count: count('voice_count'),
    video_count: count('video_count'),
    image_count: count('image_count'),
    news_count: count('news_count'),
  }
}

/** POST material/batchget_material; `offset` from 0, `count` 1 to 20. */
export function listRequest(type: ListedType, offset: number, count: number): ApiRequest {
  return jsonRequest('material/batchget_material', { type, offset, count })
}

/** One page of files. */
export function listAnswer(answer: ApiAnswer): MaterialList {
  const endpoint = 'material/batchget_material'
  const value = succeeded(endpoint, answer)
  const item = objects(value['item']).map((raw): MaterialItem => {
    const url = text(raw['url'])
    return {
      media_id: requiredText(endpoint, answer, raw['media_id']),
      name: text(raw['name']),
      update_time: integer(raw['update_time']) ?? 0,
      ...(url ? { url } : {}),
    }
  })
  const total = requiredNumber(endpoint, answer, value['total_count'])
  return { total_count: total, item_count: integer(value['item_count']) ?? item.length, item }
}

/** POST material/get_material: the bytes, or JSON for a video, for articles or an error. */
export function getMaterialRequest(mediaId: string): ApiRequest {
  return slow(jsonRequest('material/get_material', { media_id: mediaId }))
}

/** The JSON answers of material/get_material. */
export function getMaterialAnswer(answer: ApiAnswer): VideoFacts | NewsMaterial {
  const value = succeeded('material/get_material', answer)
  if (Array.isArray(value['news_item'])) return newsOf(value)
  const url = text(value['down_url'])
  if (!url) throw notUnderstood('material/get_material', answer)
  return { kind: 'video', title: text(value['title']), description: text(value['description']), url }
}

/** POST material/del_material. */
export function removeRequest(mediaId: string): ApiRequest {
  return jsonRequest('material/del_material', { media_id: mediaId })
}

/** Nothing, or an error. */
export function removeAnswer(answer: ApiAnswer): void {
  succeeded('material/del_material', answer)
}
