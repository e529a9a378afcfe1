/** `POST /cgi-bin/material/update_news`: retired for most accounts (wechat-api.md §3.6). */
import type { Outcome } from '../answer.ts'
import { updateArticle } from '../articleUpdate.ts'
import type { Call } from '../endpoint.ts'
import { Refusal } from '../refusal.ts'

/** Refuses with 45103 unless the account still has legacy news. */
export function updateNews(call: Call): Outcome {
  if (!call.account.settings.legacyNews) throw new Refusal(45103)
  return updateArticle(call, 'news')
}
