/** The very first admin key of a deployment: made once, by whoever may invoke functions in the AWS account. */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { type KeyData, keyRow, keyRowKey, newApiKey } from '../../core/keys.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowDraft } from '../../ports/table.ts'
import type { NewKey } from './createKey.ts'

const SCHEMA_VERSION = 1
const ROW = { pk: 'BOOTSTRAP', sk: 'first-key' }

/** What the row's `data` holds: which key, and whether it is whole. */
const BootstrapData = z.object({
  key_id: z.string(),
  done: z.boolean(),
  /** ms since the epoch */
  at: z.number(),
})

/**
 * Makes an admin key for all accounts. Throws `FORBIDDEN` once that was done, `WRITE_CONFLICT` when two try at once. A run
 * that broke off before its end is made good by the next: nobody has seen its key.
 */
export async function firstKey({ table, clock, random }: PortsOf<'table'>): Promise<NewKey> {
  const before = await table.get<unknown>(ROW)
  const broken = before && BootstrapData.parse(before.data)
  if (broken?.done) {
    throw new AppError('FORBIDDEN', 'The first admin key was made already; an admin key makes further ones.', {
      key_id: broken.key_id,
      made_at: broken.at,
    })
  }
  const now = clock.now()
  const key = newApiKey(random)
  const row = keyRow(key, { role: 'admin', app_ids: '*', name: 'bootstrap', created_at: Math.floor(now / 1000) })
  const begun = await table.put(marker(row.data, false, now), before?.version ?? 0)
  if (!begun.ok) throw busy()
  if (broken) await removeUnseen(table, broken.key_id)
  if (!(await table.put(row, 0)).ok) throw busy()
  if (!(await table.put(marker(row.data, true, now), begun.row.version)).ok) {
    await removeUnseen(table, row.data.key_id)
    throw busy()
  }
  return { key, data: row.data }
}

const marker = ({ key_id }: KeyData, done: boolean, at: number): RowDraft<z.infer<typeof BootstrapData>> => ({
  ...ROW,
  schemaVersion: SCHEMA_VERSION,
  data: { key_id, done, at },
})

async function removeUnseen(table: PortsOf<'table'>['table'], keyId: string): Promise<void> {
  const row = await table.get<unknown>(keyRowKey(keyId))
  if (row) await table.remove(keyRowKey(keyId), row.version)
}

const busy = (): AppError => new AppError('WRITE_CONFLICT', 'Another run makes the first key; try again.')
