/** An account as the table keeps it and as operations see it. */
import * as z from 'zod'
import type { Row, RowDraft, RowKey, Table } from '../ports/table.ts'
import { AppError } from './errors.ts'

/** The schema version that this code writes; see docs/data-model.md. */
export const ACCOUNT_SCHEMA_VERSION = 1

/** The partition of all account rows; the sort key is the app_id. */
export const ACCOUNT_PARTITION = 'ACCOUNT'

/** wx and sixteen more characters (service-api.md §1). */
export const AppId = z.string().regex(/^wx[0-9a-zA-Z]{16}$/, 'must be wx followed by 16 letters or digits')

/** The sets of WeChat limits an account can be held to (shared/wechat/limits.ts). */
export const LimitSet = z.enum(['current', '2017', '2015'])

/** How copies of temporary media are kept; without `retention_days` for good. */
export const ArchiveRule = z.strictObject({
  retention_days: z.int().min(4).max(36_500).optional().describe('days after WeChat got the media'),
  storage_class: z
    .enum(['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'])
    .optional()
    .describe('S3 storage class of new copies'),
})

/** How copies of temporary media are kept. */
export type ArchiveRule = z.infer<typeof ArchiveRule>

/** Limits of an account's own library, where they differ from those of its set. */
export const LibraryLimits = z.strictObject({
  image_and_news: z.int().min(0).optional(),
  voice: z.int().min(0).optional(),
  video: z.int().min(0).optional(),
})

/** What the row's `data` holds; secrets only in sealed form. */
export const AccountData = z.object({
  app_id: AppId,
  name: z.string(),
  kind: z.enum(['official', 'mini_program']),
  articles: z.enum(['draft', 'news']),
  limits: LimitSet,
  library_limits: LibraryLimits.optional(),
  credential: z.enum(['stable_token', 'token', 'authorizer', 'cloudbase', 'cloudcall']),
  sealed_secret: z.string(),
  /** `{"token","aes_key"}` of the message push as JSON, sealed under {@link callbackContext}. */
  sealed_callback: z.string().optional(),
  archive: ArchiveRule.optional(),
  /** Tells which secret it is without telling it: 8 hex digits of its SHA-256. Absent for a seeded account. */
  secret_fingerprint: z.string().optional(),
  /** ms since the epoch; absent for a seeded account */
  updated_at: z.number().optional(),
})

/** The stored form of an account. */
export type AccountData = z.infer<typeof AccountData>

/** What operations see of an account: everything but the sealed secrets. */
export type Account = Omit<AccountData, 'sealed_secret' | 'sealed_callback'>

/** The context under which an account's callback is sealed: another one than its AppSecret's, which is the app_id. */
export const callbackContext = (appId: string): string => `${appId}/callback`

/** Where an account's row is. */
export const accountKey = (appId: string): RowKey => ({ pk: ACCOUNT_PARTITION, sk: appId })

/** The row to write for `data`. */
export const accountRow = (data: AccountData): RowDraft<AccountData> => ({
  ...accountKey(data.app_id),
  schemaVersion: ACCOUNT_SCHEMA_VERSION,
  data,
})

/** Reads an account's row, `undefined` when there is none. */
export async function findAccount(
  table: Table,
  appId: string,
  signal?: AbortSignal,
): Promise<Row<AccountData> | undefined> {
  const row = await table.get<unknown>(accountKey(appId), signal)
  return row && { ...row, data: AccountData.parse(row.data) }
}

/** Reads an account; throws `AppError('ACCOUNT_NOT_FOUND')`. */
export async function readAccount(table: Table, appId: string, signal?: AbortSignal): Promise<AccountData> {
  const row = await findAccount(table, appId, signal)
  if (!row) throw accountNotFound(appId)
  return row.data
}

/** The error for an account that is not there. */
export const accountNotFound = (appId: string): AppError =>
  new AppError('ACCOUNT_NOT_FOUND', `No account ${appId} is set up here.`, { app_id: appId })
