/** `POST /cgi-bin/draft/update`: replaces one article of a draft (wechat-api.md §4.2). */
import type { Outcome } from '../answer.ts'
import { updateArticle } from '../articleUpdate.ts'
import type { Call } from '../endpoint.ts'

/** `articles` is one object, `index` counts from 0. */
export const draftUpdate = (call: Call): Outcome => updateArticle(call, 'drafts')
