/** An account as the table keeps it and as operations see it. */
import * as z from 'zod'
import type { Table } from '../ports/table.ts'
import { AppError } from './errors.ts'

/** The schema version that this code writes; see docs/data-model.md. */
export const ACCOUNT_SCHEMA_VERSION = 1

/** The partition of all account rows; the sort key is the app_id. */
export const ACCOUNT_PARTITION = 'ACCOUNT'

/** wx and sixteen more characters (service-api.md §1). */
export const AppId = z.string().regex(/^wx[0-9a-zA-Z]{16}$/, 'must be wx followed by 16 letters or digits')

/** The sets of WeChat limits an account can be held to (shared/wechat/limits.ts). */
export const LimitSet = z.enum(['current', '2017', '2015'])

/** What the row's `data` holds; the secret only in sealed form. */
export const AccountData = z.object({
  app_id: AppId,
  name: z.string(),
  kind: z.enum(['official', 'mini_program']),
  articles: z.enum(['draft', 'news']),
  limits: LimitSet,
  credential: z.enum(['stable_token', 'token', 'authorizer', 'cloudbase']),
  sealed_secret: z.string(),
})

/** The stored form of an account. */
export type AccountData = z.infer<typeof AccountData>

/** What operations see of an account: everything but the sealed secret. */
export type Account = Omit<AccountData, 'sealed_secret'>

/** Reads an account; throws `AppError('ACCOUNT_NOT_FOUND')`. */
export async function readAccount(table: Table, appId: string, signal?: AbortSignal): Promise<AccountData> {
  const row = await table.get<unknown>({ pk: ACCOUNT_PARTITION, sk: appId }, signal)
  if (!row) throw new AppError('ACCOUNT_NOT_FOUND', `No account ${appId} is set up here.`, { app_id: appId })
  return AccountData.parse(row.data)
}
