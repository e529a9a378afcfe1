/** Temporary media and images of articles as request builders and answer judges (wechat-api.md §2). */
import type { MediaFile, MediaType, TemporaryMedia } from '../ports/wechat.ts'
import { type ApiAnswer, type ApiRequest, fileRequest, getRequest, slow } from './apiCall.ts'
import { integer, notUnderstood, requiredText, succeeded, text } from './judge.ts'
import { multipartBody } from './multipart.ts'
import type { VideoFacts } from './video.ts'

/** POST media/upload: one file, three days. */
export function uploadRequest(type: MediaType, file: MediaFile, boundary: string): ApiRequest {
  return fileRequest('media/upload', { type }, multipartBody(file, undefined, boundary))
}

/** A thumb's id comes as `thumb_media_id`; a missing time is the time of the answer. */
export function uploadAnswer(type: MediaType, answer: ApiAnswer): TemporaryMedia {
  const value = succeeded('media/upload', answer)
  const id = text(value['media_id']) || text(value['thumb_media_id'])
  return {
    type,
    media_id: requiredText('media/upload', answer, id),
    created_at: integer(value['created_at']) ?? Math.floor(answer.receivedAt / 1_000),
  }
}

/** GET media/get: the bytes, or JSON for a video or an error. */
export function getMediaRequest(mediaId: string): ApiRequest {
  return slow(getRequest('media/get', { media_id: mediaId }))
}

/** The JSON answers of media/get: a video's address, or an error. */
export function getMediaAnswer(answer: ApiAnswer): VideoFacts {
  const url = text(succeeded('media/get', answer)['video_url'])
  if (!url) throw notUnderstood('media/get', answer)
  return { kind: 'video', title: '', description: '', url }
}

/** GET media/get/jssdk: the better form of a voice that the JS-SDK recorded. */
export function getVoiceRequest(mediaId: string): ApiRequest {
  return slow(getRequest('media/get/jssdk', { media_id: mediaId }))
}

/** media/get/jssdk gives a file or an error, never anything else. */
export function getVoiceAnswer(answer: ApiAnswer): never {
  succeeded('media/get/jssdk', answer)
  throw notUnderstood('media/get/jssdk', answer)
}

/** POST media/uploadimg: an image for the inside of articles. */
export function uploadImageRequest(file: MediaFile, boundary: string): ApiRequest {
  return fileRequest('media/uploadimg', {}, multipartBody(file, undefined, boundary))
}

/** Only a URL, no media_id. */
export function uploadImageAnswer(answer: ApiAnswer): { url: string } {
  return { url: requiredText('media/uploadimg', answer, succeeded('media/uploadimg', answer)['url']) }
}
