/** `GET /cgi-bin/material/get_materialcount` (wechat-api.md §3.4). */
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { filesOf } from '../library.ts'

/** Thumbs count as images. */
export function getMaterialcount({ account }: Call): Outcome {
  return {
    json: {
      voice_count: filesOf(account, 'voice').length,
      video_count: filesOf(account, 'video').length,
      image_count: filesOf(account, 'image').length,
      news_count: account.news.size,
    },
  }
}
