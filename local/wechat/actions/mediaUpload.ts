/** `POST /cgi-bin/media/upload`: a temporary file, for three days (wechat-api.md §2.1). */
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { newId } from '../simulator.ts'
import { uploadedFile } from '../uploadedFile.ts'

/** A thumb's id comes as `thumb_media_id`, all others as `media_id`. */
export function mediaUpload(call: Call): Outcome {
  const { simulator, account } = call
  const upload = uploadedFile(call, 'temporary')
  const { type } = upload
  const mediaId = newId(simulator.random)
  const file = simulator.store(upload.content, upload)
  simulator.record({ event: 'media', appId: account.settings.appId, mediaId, type, source: 'upload', file })
  const createdAt = Math.floor(simulator.now() / 1000)
  return { json: { type, [type === 'thumb' ? 'thumb_media_id' : 'media_id']: mediaId, created_at: createdAt } }
}
