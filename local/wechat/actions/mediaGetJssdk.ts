/** `GET /cgi-bin/media/get/jssdk`: what JS-SDK's uploadVoice recorded, as 16 kHz speex (wechat-api.md §2.3). */
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { fileAnswer } from '../fileAnswer.ts'
import { Refusal } from '../refusal.ts'
import { livingMedia } from '../temporaryMedia.ts'

/** Refuses every other media with 40007. */
export function mediaGetJssdk(call: Call): Outcome {
  const media = livingMedia(call)
  if (media.source !== 'jssdk') throw new Refusal(40007)
  return fileAnswer(call.simulator, media.mediaId, { ...media.file, format: 'speex' })
}
