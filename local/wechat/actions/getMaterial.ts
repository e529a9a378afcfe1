/** `POST /cgi-bin/material/get_material`: bytes, a video's address, or articles (wechat-api.md §3.2). */
import type { Outcome } from '../answer.ts'
import { newsContent } from '../articleView.ts'
import type { Call } from '../endpoint.ts'
import { fileAnswer } from '../fileAnswer.ts'
import { mediaIdOf } from '../jsonBody.ts'
import { videoUrl } from '../publicUrls.ts'
import { Refusal } from '../refusal.ts'

/** Refuses with 40007 what is not in the account's library. */
export function getMaterial(call: Call): Outcome {
  const { simulator, account } = call
  const mediaId = mediaIdOf(call.body)
  const news = account.news.get(mediaId)
  if (news) return { json: newsContent(call, news) }
  const material = account.materials.get(mediaId)
  if (!material) throw new Refusal(40007)
  if (material.type !== 'video') return fileAnswer(simulator, mediaId, material.file)
  const { title, introduction, file } = material
  return { json: { title, description: introduction, down_url: videoUrl(simulator, file) } }
}
