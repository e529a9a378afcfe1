/** `POST /cgi-bin/draft/get` (wechat-api.md §4.2). */
import type { Outcome } from '../answer.ts'
import { newsContent } from '../articleView.ts'
import type { Call } from '../endpoint.ts'
import { mediaIdOf } from '../jsonBody.ts'
import { Refusal } from '../refusal.ts'

/** Refuses with 40007 what is no draft any more. */
export function draftGet(call: Call): Outcome {
  const draft = call.account.drafts.get(mediaIdOf(call.body))
  if (!draft) throw new Refusal(40007)
  return { json: newsContent(call, draft) }
}
