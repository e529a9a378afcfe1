/** `POST /cgi-bin/material/del_material` (wechat-api.md §3.3). */
import { DONE, type Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { mediaIdOf } from '../jsonBody.ts'
import { Refusal } from '../refusal.ts'

/** Removes permanent material; an id the library does not hold answers 40007. */
export function delMaterial({ simulator, account, body }: Call): Outcome {
  const mediaId = mediaIdOf(body)
  const shelf = account.materials.has(mediaId) ? 'materials' : 'news'
  if (!account[shelf].has(mediaId)) throw new Refusal(40007)
  simulator.record({ event: 'removed', appId: account.settings.appId, shelf, mediaId, by: 'api' })
  return DONE
}
