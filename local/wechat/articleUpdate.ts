/** Replacing one article, in a draft or in legacy news. */
import * as z from 'zod'
import { DONE, type Outcome } from './answer.ts'
import { readArticle, type Shelf } from './articleRules.ts'
import type { Call } from './endpoint.ts'
import { articleBody, fields } from './jsonBody.ts'
import { Refusal } from './refusal.ts'

/** Throws `Refusal` 41006, 40007, 40114, 47001, and whatever an article can be refused with. */
export function updateArticle(call: Call, shelf: Shelf): Outcome {
  const { simulator, account, body } = call
  const input = articleBody(body, account.settings.unicodeEscapes)
  const { media_id: mediaId } = fields(z.object({ media_id: z.string().min(1) }), input, 41006)
  const set = account[shelf].get(mediaId)
  if (!set) throw new Refusal(40007)
  const index = fields(
    z
      .int()
      .min(0)
      .max(set.articles.length - 1),
    input['index'] ?? 0,
    40114,
  )
  const replacement = fields(z.record(z.string(), z.unknown()), input['articles'], 47001)
  const article = readArticle(call, replacement, { shelf, index, single: set.articles.length === 1 })
  simulator.record({ event: 'article', appId: account.settings.appId, shelf, mediaId, index, article })
  return DONE
}
