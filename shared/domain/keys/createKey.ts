/** Makes API keys, and ends those they replace. */
import type * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { type Caller, covers, type KeyData, keyRow, keyRowOf, newApiKey } from '../../core/keys.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { CreateKeyBody } from '../../core/schemas/keys.ts'
import type { Row } from '../../ports/table.ts'
import { replaceKey } from './endKey.ts'
import { readKey } from './keyAccess.ts'

/** A key that was just made, with the text that is shown once. */
export interface NewKey {
  key: string
  data: KeyData
}

/**
 * Makes a key; nobody can give what they do not have. The replaced key stays valid for the overlap, unless it ends
 * earlier by itself. Throws `FORBIDDEN`, `INVALID_REQUEST` (an end in the past), `KEY_NOT_FOUND`, `LAST_ADMIN_KEY`,
 * `WRITE_CONFLICT`; no key is made then.
 */
export async function createKey(
  ports: PortsOf<'table'>,
  caller: Caller,
  { role, app_ids, name, expires_at, replaces, overlap }: z.infer<typeof CreateKeyBody>,
): Promise<NewKey> {
  const { table, clock, random } = ports
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
  const { data } = keyRow(key, {
    ...{ role, app_ids, created_at: now },
    ...(name !== undefined && { name }),
    ...(expires_at !== undefined && { expires_at }),
  })
  const written = await table.put(keyRowOf({ ...data, ...(replaced && { pending: 'creation' }) }), 0)
  if (!written.ok) throw notMade()
  if (replaced) await takePlace(ports, { row: written.row, replaced, expires_at: now + overlap })
  return { key, data }
}

/** Nobody has seen the new key yet, so nobody may count on it before all is done. */
async function takePlace(
  ports: PortsOf<'table'>,
  { row, replaced, expires_at }: { row: Row<KeyData>; replaced: Row<KeyData>; expires_at: number },
): Promise<void> {
  const { pending: _, ...successor } = row.data
  try {
    await replaceKey(ports, replaced, { successor, expires_at })
  } catch (error) {
    await ports.table.remove(row, row.version)
    throw error
  }
  const settled = await ports.table.put(keyRowOf(successor), row.version)
  if (!settled.ok) throw notMade()
}

const notMade = (): AppError => new AppError('WRITE_CONFLICT', 'The key could not be made; try again.')
