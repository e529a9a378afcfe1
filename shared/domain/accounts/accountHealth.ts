/** Whether an account works, and if not, what its operator must do. */
import type * as z from 'zod'
import type { AccountHealth, AccountState, LastError } from '../../core/schemas/accounts.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Table } from '../../ports/table.ts'
import { type RefusalData, standingRefusals } from '../quotas/refusalRow.ts'
import { isFault } from '../tokens/renewal.ts'
import { readToken, type TokenData, usableToken } from '../tokens/tokenRow.ts'

/** Reads what is known; asks nobody. */
export async function accountHealth(
  { table, clock }: { table: Table; clock: Clock },
  appId: string,
): Promise<z.infer<typeof AccountHealth>> {
  const now = clock.now()
  const [row, { fault, parked }] = await Promise.all([readToken(table, appId), standingRefusals(table, appId, now)])
  const token = row?.data
  return {
    ...stateOf(token, fault, now),
    token: token?.value ? { issued_at: seconds(token.issued_at), expires_at: seconds(token.expires_at) } : null,
    last_error: lastError(token?.failure, fault) ?? null,
    parked: parked.map(({ endpoint, until, wechat }) => ({
      endpoint,
      until: Math.ceil(until / 1000),
      ...(wechat && { wechat }),
    })),
  }
}

/** A short outage of WeChat does not matter while the present token is good; a fault of the account always does. */
function stateOf(
  token: TokenData | undefined,
  fault: RefusalData | undefined,
  now: number,
): z.infer<typeof AccountState> {
  const failure = token?.failure
  if (failure && (isFault(failure) || !usableToken(token, now))) return { state: 'DEGRADED', reason: failure.message }
  if (fault) return { state: 'DEGRADED', reason: fault.message }
  return { state: 'OK' }
}

/** The later one of what the refresher and what the other calls met. */
function lastError(
  failure: TokenData['failure'],
  fault: RefusalData | undefined,
): z.infer<typeof LastError> | undefined {
  const last = failure && (!fault || failure.at >= fault.at) ? failure : fault
  if (!last) return undefined
  const { code, message, details = {}, wechat, at } = last
  const { remedy, ip } = details
  return {
    ...{ code, message, at: seconds(at) },
    ...(typeof remedy === 'string' && { remedy }),
    ...(typeof ip === 'string' && { ip }),
    ...('endpoint' in last && { endpoint: last.endpoint }),
    ...('retry_at' in last && { retry_at: Math.ceil(last.retry_at / 1000) }),
    ...('until' in last && last.stops !== undefined && { retry_at: Math.ceil(last.until / 1000) }),
    ...(wechat && { wechat }),
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1000)
