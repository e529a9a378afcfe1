/** `POST /cgi-bin/clear_quota`: all of today's counts begin anew, ten times a month (wechat-api.md §5). */
import { DONE, type Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { jsonBody } from '../jsonBody.ts'
import { beijingMonth } from '../quotas.ts'
import { Refusal } from '../refusal.ts'

const CLEARS_PER_MONTH = 10

/** Refuses with 49001 an app_id that is not the token's, with 48006 the eleventh time. */
export function clearQuota({ simulator, account, body }: Call): Outcome {
  const { appId } = account.settings
  if (jsonBody(body)['appid'] !== appId) throw new Refusal(49001)
  const month = beijingMonth(simulator.now())
  const used = account.clearedAt.filter(at => beijingMonth(at) === month).length
  if (used >= CLEARS_PER_MONTH) throw new Refusal(48006)
  simulator.record({ event: 'clear-quota', appId })
  return DONE
}
