/** Finding temporary media while they live. */
import type { Call } from './endpoint.ts'
import { Refusal } from './refusal.ts'
import type { Media } from './state.ts'

const LIFE_MS = 3 * 86_400_000

/** The media of the query's `media_id`; throws `Refusal` 41006 or 40007. */
export function livingMedia({ simulator, account, query }: Call): Media {
  const mediaId = query.get('media_id')
  if (!mediaId) throw new Refusal(41006)
  const media = account.media.get(mediaId)
  if (!media || simulator.now() >= media.createdAt + LIFE_MS) throw new Refusal(40007)
  return media
}
