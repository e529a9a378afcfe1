/** `GET /cgi-bin/media/get`: a temporary file's bytes, or where to fetch a video (wechat-api.md §2.2). */
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { fileAnswer } from '../fileAnswer.ts'
import { videoUrl } from '../publicUrls.ts'
import { livingMedia } from '../temporaryMedia.ts'

/** Refuses with 40007 what is unknown, of another account, or older than three days. */
export function mediaGet(call: Call): Outcome {
  const { simulator } = call
  const media = livingMedia(call)
  return media.type === 'video'
    ? { json: { video_url: videoUrl(simulator, media.file) } }
    : fileAnswer(simulator, media.mediaId, media.file)
}
