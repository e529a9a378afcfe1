/** `POST /cgi-bin/material/batchget_material`: one page of the library, newest first (wechat-api.md §3.5). */
import * as z from 'zod'
import type { Outcome } from '../answer.ts'
import { newsContent } from '../articleView.ts'
import type { Call } from '../endpoint.ts'
import { fields, jsonBody } from '../jsonBody.ts'
import { filesOf, newestFirst } from '../library.ts'
import { imageUrl } from '../publicUrls.ts'

const MAX_COUNT = 20

const Page = z.object({
  type: z.enum(['image', 'voice', 'video', 'news']),
  offset: z.int().min(0),
  count: z.int().min(1).max(MAX_COUNT),
})

/** What a form-encoded body gets, which the real server ignores silently (§3.5). */
const IGNORED_BODY_PAGE: z.infer<typeof Page> = { type: 'image', offset: 0, count: 10 }

/** `total_count` is of the whole type, `item_count` of this page. */
export function batchgetMaterial(call: Call): Outcome {
  const isForm = /^application\/x-www-form-urlencoded/i.test(call.headers['content-type'] ?? '')
  const ignored = isForm && !call.body.toString('latin1', 0, 16).trimStart().startsWith('{')
  const { type, offset, count } = ignored ? IGNORED_BODY_PAGE : fields(Page, jsonBody(call.body))
  const all = type === 'news' ? newsItems(call) : fileItems(call, type)
  const item = all.slice(offset, offset + count).map(show => show())
  return { json: { item, total_count: all.length, item_count: item.length } }
}

function fileItems({ simulator, account }: Call, type: 'image' | 'voice' | 'video'): (() => object)[] {
  return filesOf(account, type).map(({ mediaId, file, createdAt }) => () => ({
    media_id: mediaId,
    name: file.filename,
    update_time: Math.floor(createdAt / 1000),
    ...(type === 'image' && { url: imageUrl(simulator, account.settings, file) }),
  }))
}

function newsItems(call: Call): (() => object)[] {
  return newestFirst(call.account.news).map(set => () => ({
    media_id: set.mediaId,
    content: newsContent(call, set),
    update_time: Math.floor(set.updatedAt / 1000),
  }))
}
