/** `POST /cgi-bin/media/uploadimg`: an image for article content, outside the library (wechat-api.md §2.4). */
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { imageUrl } from '../publicUrls.ts'
import { uploadedFile } from '../uploadedFile.ts'

/** Answers the URL and nothing else. */
export function mediaUploadimg(call: Call): Outcome {
  const { simulator, account } = call
  const upload = uploadedFile(call, 'uploadimg')
  const file = simulator.store(upload.content, upload)
  simulator.record({ event: 'article-image', appId: account.settings.appId, file })
  return { json: { url: imageUrl(simulator, account.settings, file) } }
}
