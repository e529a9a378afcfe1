/** Erases what a fan sent, on request: copies, and every trace that leads to the fan. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'
import { ownsFile } from './archive.ts'
import { fanPartition, IndexData, indexMedia } from './mediaIndex.ts'
import { openidHash } from './openidHash.ts'
import { findTemporary, type TemporaryData, temporaryRow } from './temporaryRow.ts'

const PAGE = 100
const MAX_TRIES = 5

type ErasePorts = PortsOf<'table' | 'objects' | 'secrets' | 'sealer'>

/**
 * Answers how many media are gone; safe to repeat, and to be repeated after a failure: the entry that leads to a media
 * goes last. A copy that is under way finds its row erased and removes itself.
 */
export async function eraseFan(
  ports: ErasePorts,
  fan: { appId: string; openid: string },
  signal: AbortSignal,
): Promise<number> {
  const { table } = ports
  const partition = fanPartition(fan.appId, await openidHash(ports, fan, signal))
  let erased = 0
  for (;;) {
    // What is erased leaves the list, so that its beginning is always what is left.
    const { items } = await table.list<unknown>(partition, { limit: PAGE }, signal)
    if (items.length === 0) return erased
    for (const entry of items) {
      const { app_id: appId, media_id: mediaId } = IndexData.parse(entry.data)
      if (await erase(ports, { appId, mediaId }, signal)) erased++
      await forgetEntry(ports, entry, signal)
    }
  }
}

async function erase(
  { table, objects }: ErasePorts,
  name: { appId: string; mediaId: string },
  signal: AbortSignal,
): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const row = await findTemporary(table, name, signal)
    if (!row || row.data.state === 'ERASED') return false
    const { file, origin } = row.data
    // Objects first: the row is what tells where they are.
    if (file && ownsFile(row.data)) await objects.remove(file.object_key, signal)
    if (origin !== undefined) await objects.remove(origin, signal)
    const next = erased(row.data)
    await indexMedia(table, next, signal)
    if ((await table.put(temporaryRow(next), row.version, signal)).ok) return true
  }
  throw new AppError('WRITE_CONFLICT', 'A media is being changed by others; try again.')
}

/** What stays: that this media_id must not come back. */
const erased = ({ app_id, media_id, source, created_at, age_known, expires_at }: TemporaryData): TemporaryData => ({
  ...{ app_id, media_id, source, created_at, age_known, expires_at },
  state: 'ERASED',
  attempts: 0,
})

async function forgetEntry({ table }: ErasePorts, key: RowKey, signal: AbortSignal): Promise<void> {
  const row = await table.get(key, signal)
  if (row) await table.remove(row, row.version, signal)
}
