/** Shapes of the API keys (service-api.md §5). */
import * as z from 'zod'
import { AppId } from '../account.ts'

const MAX_GRANTS = 100
const MAX_OVERLAP_S = 30 * 24 * 3600
const DEFAULT_OVERLAP_S = 24 * 3600

/** What a key may do. */
export const RoleName = z.enum(['read', 'write', 'admin']).describe('each includes those before it')

/** The accounts that a key is for. */
export const GrantedAppIds = z
  .union([z.literal('*'), z.array(AppId).min(1).max(MAX_GRANTS)], { error: 'must be "*" or 1 to 100 app_ids' })
  .describe('"*": all accounts, also future ones')

const KeyId = z.string().regex(/^[0-9a-f]{16}$/, 'is not a key_id')

/** `/wechat/keys/{keyId}` */
export const KeyPath = z.object({ keyId: KeyId })

/** A new key. */
export const CreateKeyBody = z.strictObject({
  role: RoleName,
  app_ids: GrantedAppIds,
  name: z.string().max(100).optional(),
  expires_at: z.int().min(1).optional().describe('seconds since the epoch, in the future; absent: never'),
  replaces: KeyId.optional().describe('a key that ends when the overlap is over'),
  overlap: z
    .int()
    .min(0)
    .max(MAX_OVERLAP_S)
    .default(DEFAULT_OVERLAP_S)
    .describe('seconds that the replaced key stays valid'),
})

/** `?limit=&cursor=` */
export const KeyListQuery = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
  cursor: z.string().min(1).optional(),
})

/** A key as it is shown: never the key itself. */
export const KeyView = z.object({
  key_id: z.string(),
  role: RoleName,
  app_ids: z.union([z.literal('*'), z.array(z.string())]),
  name: z.string().optional(),
  created_at: z.int().min(0).describe('seconds since the epoch'),
  expires_at: z.int().min(0).optional().describe('seconds since the epoch'),
  replaced_by: z.string().optional().describe('key_id'),
  pending: z.enum(['creation', 'deletion']).optional().describe('under way; if it stays, it broke off: delete the key'),
})

/** A new key, the only time that it is shown. */
export const CreatedKeyAnswer = z.object({ data: KeyView.extend({ key: z.string() }) })

/** A page of keys. */
export const KeyListAnswer = z.object({ data: z.array(KeyView), next_cursor: z.string().nullable() })
