/** Erases one media: what stays is only that its media_id must not come back. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import { otherStems } from './archive.ts'
import { indexMedia } from './mediaIndex.ts'
import { findTemporary, type TemporaryData, temporaryRow } from './temporaryRow.ts'
import { firstSight, type SeenMedia } from './trackMedia.ts'

const MAX_TRIES = 5
/** Runs end within two minutes, and clocks differ by ten at the most: then nobody writes a copy any more. */
export const LATE_RUNS_MS = 15 * 60_000

/** How a media is erased. */
export interface Erasing {
  /** Removes what the media's row leads to, before that forgets it. */
  clear?: (data: TemporaryData) => Promise<void>
  signal: AbortSignal
}

/**
 * Erases a media and its latest upload; answers how many there were. One that was never tracked gets its row now, so
 * that whoever is about to track it finds it erased. Without `clear` the schedule removes the objects, as it does again
 * after {@link LATE_RUNS_MS} in any case. Throws `WRITE_CONFLICT` when others write all the time.
 */
export async function eraseMedia(
  ports: PortsOf<'table'>,
  seen: SeenMedia,
  { clear, signal }: Erasing,
): Promise<number> {
  const { table, clock } = ports
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const row = await findTemporary(table, seen, signal)
    if (row?.data.state === 'ERASED') return 0
    const data = row?.data ?? firstSight(seen, clock.now())
    const { renewed_as: mediaId } = data
    // Before the media itself: whoever uploads its bytes again must write its row, and fails once this one is written.
    const latest =
      mediaId === undefined
        ? 0
        : await eraseMedia(ports, { appId: seen.appId, mediaId, source: 'upload' }, { ...(clear && { clear }), signal })
    await clear?.(data)
    const next = erased(data, clock.now())
    await indexMedia(table, next, signal)
    if ((await table.put(temporaryRow(next), row?.version ?? 0, signal)).ok) return latest + (row ? 1 : 0)
  }
  throw new AppError('WRITE_CONFLICT', 'A media is being changed by others; try again.')
}

function erased(data: TemporaryData, now: number): TemporaryData {
  const { app_id, media_id, source, created_at, age_known, expires_at } = data
  const stems = otherStems(data)
  return {
    ...{ app_id, media_id, source, created_at, age_known, expires_at },
    ...(stems.length > 0 && { stems }),
    state: 'ERASED',
    attempts: 0,
    keep_until: now + LATE_RUNS_MS,
  }
}
