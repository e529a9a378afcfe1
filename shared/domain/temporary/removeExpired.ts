/** Removes copies whose account keeps them for a number of days only, and what erasures left to be done. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'
import { MAX_SKEW_MS } from '../tokens/clockSkew.ts'
import { type ArchiveRules, archiveRules } from './archive.ts'
import { finishErasure } from './eraseFan.ts'
import { isErasureKey } from './erasure.ts'
import { mirrored } from './keepFile.ts'
import { indexMedia, removeFromIndex } from './mediaIndex.ts'
import { removeCopies } from './removeCopies.ts'
import { findTemporary, parseTemporaryKey, RETENTION_QUEUE, type TemporaryRow, temporaryRow } from './temporaryRow.ts'

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

interface Removing {
  rules: ArchiveRules
  signal: AbortSignal
}

async function removeOne(
  ports: PortsOf<'table' | 'objects'>,
  key: RowKey,
  { rules, signal }: Removing,
): Promise<boolean> {
  const { table, clock } = ports
  if (isErasureKey(key)) {
    await finishErasure(ports, key, signal)
    return false
  }
  const name = parseTemporaryKey(key)
  const row = name && (await findTemporary(table, name, signal))
  if (!row || (row.data.keep_until ?? Number.POSITIVE_INFINITY) > clock.now()) return false
  if (row.data.state === 'ERASED') return removeLate(ports, row, signal)
  const going = await condemned(ports, row, { rules, signal })
  if (!going) return false
  // The row last: until then the rest is due again.
  await removeCopies(ports, going.data, signal)
  await removeFromIndex(table, going.data, signal)
  return table.remove(going, going.version, signal)
}

/** What runs wrote that began before the erasure and died. */
async function removeLate(
  ports: PortsOf<'table' | 'objects'>,
  row: TemporaryRow,
  signal: AbortSignal,
): Promise<boolean> {
  await removeCopies(ports, row.data, signal)
  const { keep_until: _, stems: __, ...data } = row.data
  // Theirs may be the last word on its place in the order of expiry, without an end.
  await indexMedia(ports.table, data, signal)
  await ports.table.put(temporaryRow(data), row.version, signal)
  return false
}

/**
 * The row once it says that its object goes, so that nobody begins to upload that again; `undefined` when it stays. Later
 * uploads share the object, so that it lasts as long as the latest of them.
 */
async function condemned(
  { table, clock }: PortsOf<'table'>,
  row: TemporaryRow,
  { rules, signal }: Removing,
): Promise<TemporaryRow | undefined> {
  const { data, version } = row
  if (!data.file || data.removing) return data.file && row
  if (data.renewing && data.renewing.until + 2 * MAX_SKEW_MS > clock.now()) return undefined
  // The account may have changed its mind since the copy was made.
  const rule = await rules(data.app_id, signal)
  const { app_id: appId, renewed_as: mediaId } = data
  const latest = mediaId === undefined ? undefined : (await findTemporary(table, { appId, mediaId }, signal))?.data
  const shared = latest?.file?.object_key === data.file.object_key ? [mirrored(latest, data.file, rule)] : []
  const own = mirrored(data, data.file, rule)
  const end = Math.max(...[own, ...shared].map(({ keep_until = Number.POSITIVE_INFINITY }) => keep_until))
  const { keep_until: _, ...rest } = own
  const next =
    end > clock.now() ? { ...rest, ...(Number.isFinite(end) && { keep_until: end }) } : { ...own, removing: true }
  const written = await table.put(temporaryRow(next), version, signal)
  return written.ok && next.removing ? written.row : undefined
}
