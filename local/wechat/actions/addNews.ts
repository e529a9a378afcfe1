/** `POST /cgi-bin/material/add_news`: retired for most accounts (wechat-api.md §3.6). */
import type { Outcome } from '../answer.ts'
import { readArticles } from '../articleRules.ts'
import type { Call } from '../endpoint.ts'
import { articleBody } from '../jsonBody.ts'
import { checkRoom } from '../library.ts'
import { Refusal } from '../refusal.ts'
import { newId } from '../simulator.ts'

/** Refuses with 45106 unless the account still has legacy news. */
export function addNews(call: Call): Outcome {
  const { simulator, account, body } = call
  const { appId, legacyNews, unicodeEscapes } = account.settings
  if (!legacyNews) throw new Refusal(45106)
  const articles = readArticles(call, articleBody(body, unicodeEscapes)['articles'], 'news')
  checkRoom(account, 'news')
  const mediaId = newId(simulator.random)
  simulator.record({ event: 'articles', appId, shelf: 'news', mediaId, articles })
  return { json: { media_id: mediaId, item: [] } }
}
