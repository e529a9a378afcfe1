/** Grants: what users of a mini program, who have no API key, may do when they call a function directly. */
import * as z from 'zod'
import type { RowDraft, RowKey, Table } from '../ports/table.ts'
import { AppId } from './account.ts'
import { AppError } from './errors.ts'
import type { Caller } from './keys.ts'

/** The schema version that this code writes; see docs/data-model.md. */
export const GRANT_SCHEMA_VERSION = 1

/** Stands for every user of a mini program. */
export const EVERYBODY = '*'

/** Who calls, as the platform itself says; nothing that a client sends is in here. */
export interface Principal {
  /** The app_id of the mini program. */
  miniProgram: string
  openId: string
}

/** What the row's `data` holds. */
export const GrantData = z.object({
  mini_program: AppId,
  /** A user of the mini program, or {@link EVERYBODY}. */
  openid: z.string(),
  /** Never admin: accounts and keys are not managed from a client. */
  role: z.enum(['read', 'write']),
  /** The accounts it is for; `*` is every one. */
  app_ids: z.union([z.literal('*'), z.array(z.string())]),
  name: z.string().optional(),
  /** ms since the epoch */
  updated_at: z.number(),
})

/** The stored form of a grant. */
export type GrantData = z.infer<typeof GrantData>

/** The partition of a mini program's grants. */
export const grantPartition = (miniProgram: string): string => `GRANT#${miniProgram}`

/** Where a grant's row is. */
export const grantKey = (miniProgram: string, openId: string): RowKey => ({
  pk: grantPartition(miniProgram),
  sk: openId,
})

/** The row to write for `data`. */
export const grantRow = (data: GrantData): RowDraft<GrantData> => ({
  ...grantKey(data.mini_program, data.openid),
  schemaVersion: GRANT_SCHEMA_VERSION,
  data,
})

/**
 * The caller behind a principal: a user's own grant, else that of everybody in the mini program. Throws
 * `AppError('FORBIDDEN')` when there is neither.
 */
export async function grantedCaller(
  { miniProgram, openId }: Principal,
  table: Table,
  signal?: AbortSignal,
): Promise<Caller> {
  const row =
    (await table.get<unknown>(grantKey(miniProgram, openId), signal)) ??
    (await table.get<unknown>(grantKey(miniProgram, EVERYBODY), signal))
  if (!row) throw new AppError('FORBIDDEN', 'This user of the mini program has no grant.', { app_id: miniProgram })
  const { role, app_ids } = GrantData.parse(row.data)
  return { key_id: `${miniProgram}/${openId}`, role, app_ids }
}
