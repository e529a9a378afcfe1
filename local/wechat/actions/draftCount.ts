/** `GET /cgi-bin/draft/count` (wechat-api.md §4.2). */
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'

/** How many drafts the box holds. */
export const draftCount = ({ account }: Call): Outcome => ({ json: { total_count: account.drafts.size } })
