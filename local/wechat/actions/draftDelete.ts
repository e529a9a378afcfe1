/** `POST /cgi-bin/draft/delete`, which cannot be undone (wechat-api.md §4.2). */
import { DONE, type Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { mediaIdOf } from '../jsonBody.ts'
import { Refusal } from '../refusal.ts'

/** Refuses with 40007 what is no draft any more. */
export function draftDelete({ simulator, account, body }: Call): Outcome {
  const mediaId = mediaIdOf(body)
  if (!account.drafts.has(mediaId)) throw new Refusal(40007)
  simulator.record({ event: 'removed', appId: account.settings.appId, shelf: 'drafts', mediaId, by: 'api' })
  return DONE
}
