/** Erases what a fan sent, on request: copies, and every trace that leads to the fan. */
import type { PortsOf } from '../../core/ports.ts'
import type { Row, RowKey, Table } from '../../ports/table.ts'
import { eraseMedia } from './eraseMedia.ts'
import { beginErasure, endErasure, findErasure, isTaken } from './erasure.ts'
import { fanPartition, IndexData } from './mediaIndex.ts'
import { openidHash } from './openidHash.ts'
import { removeCopies } from './removeCopies.ts'
import { findTemporary, type TemporaryData } from './temporaryRow.ts'

const PAGE = 100

type ErasePorts = PortsOf<'table' | 'objects'>

/**
 * Answers how many media are gone; safe to repeat, and to be repeated after a failure: the entry that leads to a media
 * goes last. A copy or a renewal that is under way finds its row erased and undoes itself, and a message that waits to be
 * archived is not. What a request leaves behind, or a run that dies meanwhile, the schedule takes.
 */
export async function eraseFan(
  ports: ErasePorts & PortsOf<'secrets' | 'sealer'>,
  { appId, openid }: { appId: string; openid: string },
  signal: AbortSignal,
): Promise<number> {
  const fan = { appId, openidHash: await openidHash(ports, { appId, openid }, signal) }
  // First, so that of a message and its erasure one sees the other.
  await beginErasure(ports, fan, signal)
  let erased = 0
  for (;;) {
    // What is erased leaves the list, so that its beginning is always what is left.
    const { items } = await ports.table.list<unknown>(fanPartition(appId, fan.openidHash), { limit: PAGE }, signal)
    if (items.length === 0) return erased
    for (const entry of items) erased += await eraseEntry(ports, entry, signal)
  }
}

/**
 * Goes through an erasure once more, when nobody can be at work any more who began before it. What the fan sent since
 * stays.
 */
export async function finishErasure(ports: ErasePorts, key: RowKey, signal: AbortSignal): Promise<void> {
  const { table, clock } = ports
  const row = await findErasure(table, key, signal)
  if (!row?.due || row.due.at > clock.now()) return
  const partition = fanPartition(row.data.app_id, row.data.openid_hash)
  let cursor: string | undefined
  do {
    const page = await table.list<unknown>(partition, { limit: PAGE, ...(cursor !== undefined && { cursor }) }, signal)
    for (const entry of page.items) {
      const sentAt = await sentAtOf(table, entry, signal)
      if (sentAt === undefined || isTaken(row.data, sentAt)) await eraseEntry(ports, entry, signal)
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  await endErasure(table, row, signal)
}

/** When WeChat got what an entry leads to (ms), of a later upload the first one; `undefined` for what is gone already. */
async function sentAtOf(table: Table, { data }: Row<unknown>, signal: AbortSignal): Promise<number | undefined> {
  const { app_id: appId, media_id: mediaId } = IndexData.parse(data)
  const media = (await findTemporary(table, { appId, mediaId }, signal))?.data
  if (!media || media.state === 'ERASED') return undefined
  const { renewed_from: first } = media
  const root = first === undefined ? undefined : await findTemporary(table, { appId, mediaId: first }, signal)
  return root?.data.created_at ?? media.created_at
}

async function eraseEntry(ports: ErasePorts, entry: Row<unknown>, signal: AbortSignal): Promise<number> {
  const { app_id: appId, media_id: mediaId, source } = IndexData.parse(entry.data)
  const clear = (data: TemporaryData) => removeCopies(ports, data, signal)
  const erased = await eraseMedia(ports, { appId, mediaId, source }, { clear, signal })
  // Last: it leads to the media.
  const row = await ports.table.get(entry, signal)
  if (row) await ports.table.remove(row, row.version, signal)
  return erased
}
