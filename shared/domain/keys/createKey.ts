/** Makes API keys, and ends those they replace. */
import type * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { type Caller, covers, type KeyData, keyRow, keyRowOf, newApiKey } from '../../core/keys.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { CreateKeyBody } from '../../core/schemas/keys.ts'
import type { Row } from '../../ports/table.ts'
import { readKey } from './keyAccess.ts'

/** A key that was just made, with the text that is shown once. */
export interface NewKey {
  key: string
  data: KeyData
}

/**
 * Makes a key; nobody can give what they do not have. The replaced key stays valid for the overlap, unless it ends
 * earlier by itself. Throws `FORBIDDEN`, `INVALID_REQUEST` (an end in the past), `KEY_NOT_FOUND`, `WRITE_CONFLICT`.
 */
export async function createKey(
  { table, clock, random }: PortsOf<'table'>,
  caller: Caller,
  { role, app_ids, name, expires_at, replaces, overlap }: z.infer<typeof CreateKeyBody>,
): Promise<NewKey> {
  if (!covers(caller, { app_ids })) {
    throw new AppError('FORBIDDEN', 'A key can only be given grants that your own key has.', {
      granted: caller.app_ids,
    })
  }
  const now = Math.floor(clock.now() / 1000)
  if (expires_at !== undefined && expires_at <= now) {
    const issues = [{ in: 'body', field: 'expires_at', problem: 'is in the past' }]
    throw new AppError('INVALID_REQUEST', 'The body is not valid: expires_at: is in the past.', { issues })
  }
  const replaced = replaces === undefined ? undefined : await readKey(table, caller, replaces)
  const key = newApiKey(random)
  const draft = keyRow(key, {
    ...{ role, app_ids, created_at: now },
    ...(name !== undefined && { name }),
    ...(expires_at !== undefined && { expires_at }),
  })
  const written = await table.put(draft, 0)
  if (!written.ok) throw new AppError('WRITE_CONFLICT', 'The key could not be made; try again.')
  if (replaced) await end(table, replaced, { replaced_by: draft.data.key_id, expires_at: now + overlap })
  return { key, data: draft.data }
}

/** The new key is there already: when the old one changed meanwhile, its owner has the say. */
async function end(
  table: PortsOf<'table'>['table'],
  row: Row<KeyData>,
  { replaced_by, expires_at }: { replaced_by: string; expires_at: number },
): Promise<void> {
  const earliest = Math.min(expires_at, row.data.expires_at ?? Number.POSITIVE_INFINITY)
  const written = await table.put(keyRowOf({ ...row.data, replaced_by, expires_at: earliest }), row.version)
  if (!written.ok) throw new AppError('WRITE_CONFLICT', 'The replaced key changed meanwhile; delete it by itself.')
}
