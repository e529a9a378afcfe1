/** Key rows, seen through the grants of who asks: a key with more than those is not there. */
import type * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { type Caller, covers, KEY_PARTITION, KeyData, keyRowKey } from '../../core/keys.ts'
import type { KeyView } from '../../core/schemas/keys.ts'
import type { Page, Row, Table } from '../../ports/table.ts'

/** Reads a key; throws `AppError('KEY_NOT_FOUND')`. */
export async function readKey(
  table: Table,
  caller: Caller,
  keyId: string,
  signal?: AbortSignal,
): Promise<Row<KeyData>> {
  const row = await table.get<unknown>(keyRowKey(keyId), signal)
  const data = row && KeyData.parse(row.data)
  if (!row || !data || !covers(caller, data)) {
    throw new AppError('KEY_NOT_FOUND', `There is no key ${keyId}.`, { key_id: keyId })
  }
  return { ...row, data }
}

/** A page of keys in the order of their ids; it may be shorter than `limit` although more follow. */
export async function listKeys(
  table: Table,
  caller: Caller,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<KeyData>> {
  const { limit, cursor } = query
  const page = await table.list<unknown>(KEY_PARTITION, { limit, ...(cursor !== undefined && { cursor }) })
  const keys = page.items.map(row => KeyData.parse(row.data))
  return { items: keys.filter(key => covers(caller, key)), cursor: page.cursor }
}

/** The key as it is shown. */
export function keyView({ hash: _, ...shown }: KeyData): z.infer<typeof KeyView> {
  return shown
}
