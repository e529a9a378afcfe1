/** `POST /cgi-bin/draft/add`: a new draft (wechat-api.md §4.1). */
import type { Outcome } from '../answer.ts'
import { readArticles } from '../articleRules.ts'
import type { Call } from '../endpoint.ts'
import { articleBody } from '../jsonBody.ts'
import { newId } from '../simulator.ts'

/** The undocumented empty `item` is real. */
export function draftAdd(call: Call): Outcome {
  const { simulator, account, body } = call
  const input = articleBody(body, account.settings.unicodeEscapes)
  const articles = readArticles(call, input['articles'], 'drafts')
  const mediaId = newId(simulator.random)
  simulator.record({ event: 'articles', appId: account.settings.appId, shelf: 'drafts', mediaId, articles })
  return { json: { media_id: mediaId, item: [] } }
}
