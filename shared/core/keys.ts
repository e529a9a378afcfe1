/** API keys: who calls, in which role, for which accounts. */
import { createHash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import type { Random } from '../ports/random.ts'
import type { RowDraft, RowKey, Table } from '../ports/table.ts'
import { AppError } from './errors.ts'
import type { Role } from './operation.ts'

/** The schema version that this code writes; see docs/data-model.md. */
export const KEY_SCHEMA_VERSION = 1

/** The partition of all key rows; the sort key is the key's id. */
export const KEY_PARTITION = 'KEY'

const KEY_BYTES = 32
const KEY_ID_LENGTH = 16
const RANK = { read: 1, write: 2, admin: 3 } as const
/** An expired key stays in the list so long. */
const KEEP_EXPIRED_S = 30 * 24 * 3600

/** What the row's `data` holds. Of the key itself only the SHA-256 is kept. */
export const KeyData = z.object({
  key_id: z.string(),
  /** hex SHA-256 of the whole key */
  hash: z.string(),
  role: z.enum(['read', 'write', 'admin']),
  /** `*` is every account. */
  app_ids: z.union([z.literal('*'), z.array(z.string())]),
  name: z.string().optional(),
  /** seconds since the epoch */
  created_at: z.number(),
  /** seconds since the epoch; absent: never */
  expires_at: z.number().optional(),
  /** The key that takes its place. */
  replaced_by: z.string().optional(),
  /** What is under way, or broke off: the key is valid meanwhile, but nobody may count on it. */
  pending: z.enum(['creation', 'deletion']).optional(),
})

/** The stored form of a key. */
export type KeyData = z.infer<typeof KeyData>

/** Which accounts a key is for: all, or these. */
export type Grant = Pick<KeyData, 'app_ids'>

/** Who calls: what rules may know of the key. */
export type Caller = Pick<KeyData, 'key_id' | 'role' | 'app_ids'>

/** A new key: 256 random bits, with a prefix that secret scanners can know. */
export const newApiKey = (random: Random): string =>
  `sucai_${Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')}`

/** The row that makes `key` valid. */
export function keyRow(key: string, facts: Omit<KeyData, 'key_id' | 'hash'>): RowDraft<KeyData> {
  const hash = sha256(key)
  return keyRowOf({ key_id: keyIdOf(hash), hash, ...facts })
}

/** The row to write for `data`. */
export function keyRowOf(data: KeyData): RowDraft<KeyData> {
  return {
    ...keyRowKey(data.key_id),
    schemaVersion: KEY_SCHEMA_VERSION,
    data,
    ...(data.expires_at !== undefined && { ttl: data.expires_at + KEEP_EXPIRED_S }),
  }
}

/** Where a key's row is. */
export const keyRowKey = (keyId: string): RowKey => ({ pk: KEY_PARTITION, sk: keyId })

/** The key a request carries in `Authorization: Bearer` or `X-Api-Key`, if any. */
export function presentedKey(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return bearer ?? headers.get('x-api-key') ?? undefined
}

/** The grant behind `key`; throws `AppError('UNAUTHORIZED')` for an unknown or expired one. `now` in ms. */
export async function authenticate(key: string | undefined, table: Table, now: number): Promise<KeyData> {
  if (!key) throw new AppError('UNAUTHORIZED', 'An API key is required.')
  const hash = sha256(key)
  const row = await table.get<unknown>(keyRowKey(keyIdOf(hash)))
  const data = row && KeyData.parse(row.data)
  const known = data !== undefined && timingSafeEqual(Buffer.from(data.hash, 'hex'), Buffer.from(hash, 'hex'))
  if (!known || (data.expires_at !== undefined && data.expires_at * 1000 <= now)) {
    throw new AppError('UNAUTHORIZED', 'The API key is not valid.')
  }
  return data
}

/** Checks that `caller` has `role` or a higher one; throws `AppError('FORBIDDEN')`. */
export function requireRole(caller: Caller, role: Exclude<Role, 'public'>): void {
  if (RANK[caller.role] < RANK[role]) throw new AppError('FORBIDDEN', `This key may not ${role}.`, { needed: role })
}

/** Checks that `caller` may do `role` on `appId`; throws `AppError('FORBIDDEN')`. */
export function authorize(caller: Caller, role: Exclude<Role, 'public'>, appId: string): void {
  requireRole(caller, role)
  if (!isGranted(caller, appId)) {
    throw new AppError('FORBIDDEN', `This key has no grant on ${appId}.`, { app_id: appId })
  }
}

/** Whether the grant is for `appId`. */
export const isGranted = ({ app_ids: appIds }: Grant, appId: string): boolean =>
  appIds === '*' || appIds.includes(appId)

/** Whether every account of `other` is one of `grant` too: nobody hands out or touches more than they have. */
export const covers = (grant: Grant, other: Grant): boolean =>
  grant.app_ids === '*' || (other.app_ids !== '*' && other.app_ids.every(appId => isGranted(grant, appId)))

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex')

/** The row is found by the front of the hash, so that the key itself needs no inner structure. */
const keyIdOf = (hash: string): string => hash.slice(0, KEY_ID_LENGTH)
