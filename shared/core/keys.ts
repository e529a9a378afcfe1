/** API keys: who calls, in which role, for which accounts. */
import { createHash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import type { Random } from '../ports/random.ts'
import type { RowDraft, Table } from '../ports/table.ts'
import { AppError } from './errors.ts'
import type { Role } from './operation.ts'

/** The schema version that this code writes; see docs/data-model.md. */
export const KEY_SCHEMA_VERSION = 1

/** The partition of all key rows; the sort key is the key's id. */
export const KEY_PARTITION = 'KEY'

const KEY_BYTES = 32
const KEY_ID_LENGTH = 16
const RANK = { read: 1, write: 2, admin: 3 } as const

/** What the row's `data` holds. Of the key itself only the SHA-256 is kept. */
export const KeyData = z.object({
  key_id: z.string(),
  /** hex SHA-256 of the whole key */
  hash: z.string(),
  role: z.enum(['read', 'write', 'admin']),
  /** `*` is every account. */
  app_ids: z.union([z.literal('*'), z.array(z.string())]),
  /** seconds since the epoch */
  created_at: z.number(),
  /** seconds since the epoch; absent: never */
  expires_at: z.number().optional(),
})

/** The stored form of a key. */
export type KeyData = z.infer<typeof KeyData>

/** A new key: 256 random bits, with a prefix that secret scanners can know. */
export const newApiKey = (random: Random): string =>
  `sucai_${Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')}`

/** The row that makes `key` valid. */
export function keyRow(
  key: string,
  grant: Pick<KeyData, 'role' | 'app_ids' | 'created_at' | 'expires_at'>,
): RowDraft<KeyData> {
  const hash = sha256(key)
  const keyId = keyIdOf(hash)
  return { pk: KEY_PARTITION, sk: keyId, schemaVersion: KEY_SCHEMA_VERSION, data: { key_id: keyId, hash, ...grant } }
}

/** The key a request carries in `Authorization: Bearer` or `X-Api-Key`, if any. */
export function presentedKey(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return bearer ?? headers.get('x-api-key') ?? undefined
}

/** The grant behind `key`; throws `AppError('UNAUTHORIZED')` for an unknown or expired one. `now` in ms. */
export async function authenticate(key: string | undefined, table: Table, now: number): Promise<KeyData> {
  if (!key) throw new AppError('UNAUTHORIZED', 'An API key is required.')
  const hash = sha256(key)
  const row = await table.get<unknown>({ pk: KEY_PARTITION, sk: keyIdOf(hash) })
  const data = row && KeyData.parse(row.data)
  const known = data !== undefined && timingSafeEqual(Buffer.from(data.hash, 'hex'), Buffer.from(hash, 'hex'))
  if (!known || (data.expires_at !== undefined && data.expires_at * 1000 <= now)) {
    throw new AppError('UNAUTHORIZED', 'The API key is not valid.')
  }
  return data
}

/** Checks that `key` may do `role` on `appId`; throws `AppError('FORBIDDEN')`. */
export function authorize(key: KeyData, role: Exclude<Role, 'public'>, appId: string): void {
  if (RANK[key.role] < RANK[role]) throw new AppError('FORBIDDEN', `This key may not ${role}.`, { needed: role })
  if (key.app_ids !== '*' && !key.app_ids.includes(appId)) {
    throw new AppError('FORBIDDEN', `This key has no grant on ${appId}.`, { app_id: appId })
  }
}

const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex')

/** The row is found by the front of the hash, so that the key itself needs no inner structure. */
const keyIdOf = (hash: string): string => hash.slice(0, KEY_ID_LENGTH)
