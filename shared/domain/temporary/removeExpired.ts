/** Removes copies whose account keeps them for a number of days only. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'
import { type ArchiveRules, archiveRules, ownsFile } from './archive.ts'
import { mirrored } from './keepFile.ts'
import { removeFromIndex } from './mediaIndex.ts'
import { findTemporary, parseTemporaryKey, RETENTION_QUEUE, temporaryRow } from './temporaryRow.ts'

const BATCH = 1000
const IN_FLIGHT = 20
const MIN_REMAINING_MS = 10_000

/** Answers how many it removed; the rest stays due. One broken row does not stop the others. */
export async function removeExpired(ports: PortsOf<'table' | 'objects'>, call: Call): Promise<number> {
  const { table, clock, log } = ports
  if (call.remaining() < MIN_REMAINING_MS) return 0
  const due = await table.due(RETENTION_QUEUE, clock.now(), BATCH, call.signal)
  const rules = archiveRules(table)
  let removed = 0
  const lane = async () => {
    while (call.remaining() > MIN_REMAINING_MS) {
      const key = due.shift()
      if (!key) return
      try {
        if (await removeOne(ports, key, { rules, signal: call.signal })) removed++
      } catch (error) {
        log.error('a copy whose time is over could not be removed', { ...key, error })
      }
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  return removed
}

async function removeOne(
  { table, objects, clock }: PortsOf<'table' | 'objects'>,
  key: RowKey,
  { rules, signal }: { rules: ArchiveRules; signal: AbortSignal },
): Promise<boolean> {
  const name = parseTemporaryKey(key)
  const row = name && (await findTemporary(table, name, signal))
  if (!row?.data.file || (row.data.keep_until ?? Number.POSITIVE_INFINITY) > clock.now()) return false
  // The account may have changed its mind since the copy was made.
  const next = mirrored(row.data, row.data.file, await rules(row.data.app_id, signal))
  if ((next.keep_until ?? Number.POSITIVE_INFINITY) > clock.now()) {
    await table.put(temporaryRow(next), row.version, signal)
    return false
  }
  // The row last: until then the rest is due again.
  if (ownsFile(row.data)) await objects.remove(row.data.file.object_key, signal)
  await removeFromIndex(table, row.data, signal)
  return table.remove(row, row.version, signal)
}
