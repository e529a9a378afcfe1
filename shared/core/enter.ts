/** The door of every operation that is not public: key or principal, then grant, then account. */
import type { Table } from '../ports/table.ts'
import { type Account, type AccountData, AppId, readAccount } from './account.ts'
import { AppError } from './errors.ts'
import { grantedCaller, type Principal } from './grants.ts'
import { authenticate, authorize, type Caller, presentedKey, requireRole } from './keys.ts'
import type { AccountSource, Role } from './operation.ts'

/** What is known of a request once it is inside. */
export interface Entry {
  caller: Caller
  account: Account
}

/** What the door looks at. `now` in ms since the epoch. */
export interface Arrival {
  headers: Headers
  params: Record<string, string>
  query: Record<string, string>
  now: number
  signal: AbortSignal
  /** Who calls without a key, where the platform vouches for it. */
  principal?: Principal | undefined
}

/** What an operation says about who may come in. */
interface Rule {
  role: Role
  account?: AccountSource
}

/** No account: its app_id belongs to nobody. */
const NO_ACCOUNT: Account = {
  app_id: '',
  name: '',
  kind: 'official',
  articles: 'draft',
  limits: 'current',
  credential: 'stable_token',
}

/** The entry of a public operation. */
export const OPEN_ENTRY: Entry = { caller: { key_id: '', role: 'read', app_ids: [] }, account: NO_ACCOUNT }

/**
 * Lets a request in. Throws `UNAUTHORIZED`, `FORBIDDEN`, `INVALID_APP_ID` or `ACCOUNT_NOT_FOUND`, in this order: who
 * may not ask does not learn which accounts exist.
 */
export async function enter(rule: Rule, arrival: Arrival, table: Table): Promise<Entry> {
  const { role, account: source = 'query' } = rule
  if (role === 'public') return OPEN_ENTRY
  const { principal } = arrival
  const caller = principal
    ? await grantedCaller(principal, table, arrival.signal)
    : await authenticate(presentedKey(arrival.headers), table, arrival.now)
  requireRole(caller, role)
  if (source === 'none') return { caller, account: NO_ACCOUNT }
  const appId = namedAccount(source, arrival)
  authorize(caller, role, appId)
  if (source === 'new') return { caller, account: { ...NO_ACCOUNT, app_id: appId } }
  const account = await readAccount(table, appId, arrival.signal)
  // The row decides, not its address.
  authorize(caller, role, account.app_id)
  return { caller, account: withoutSecrets(account) }
}

function namedAccount(source: AccountSource, { params, query }: Arrival): string {
  const named = AppId.safeParse(source === 'query' ? query['app_id'] : params['appId'])
  if (named.success) return named.data
  throw new AppError(
    'INVALID_APP_ID',
    source === 'query'
      ? 'The query must name the account: ?app_id=wx and 16 letters or digits.'
      : 'The path must name the account: wx and 16 letters or digits.',
  )
}

function withoutSecrets({ sealed_secret: _, sealed_callback: __, ...account }: AccountData): Account {
  return account
}
