/** `POST /cgi-bin/draft/batchget`: one page of drafts, latest change first (wechat-api.md §4.2). */
import * as z from 'zod'
import type { Outcome } from '../answer.ts'
import { newsContent } from '../articleView.ts'
import type { Call } from '../endpoint.ts'
import { fields, jsonBody } from '../jsonBody.ts'
import { newestFirst } from '../library.ts'

const MAX_COUNT = 20

const Page = z.object({
  offset: z.int().min(0),
  count: z.int().min(1).max(MAX_COUNT),
  no_content: z.union([z.literal(0), z.literal(1)]).default(0),
})

/** With `no_content: 1` the articles come without their text. */
export function draftBatchget(call: Call): Outcome {
  const { offset, count, no_content } = fields(Page, jsonBody(call.body))
  const all = newestFirst(call.account.drafts)
  const item = all.slice(offset, offset + count).map(draft => ({
    media_id: draft.mediaId,
    content: newsContent(call, draft, no_content === 1),
    update_time: Math.floor(draft.updatedAt / 1000),
  }))
  return { json: { item, total_count: all.length, item_count: item.length } }
}
