/** A temporary media: fetched from WeChat once, and answered from the copy after WeChat has dropped it. */
import type { MediaName } from '../library/libraryRows.ts'
import { archiveRules } from './archive.ts'
import { type CopyPorts, copyMedia, openMedia } from './copyMedia.ts'
import { gone } from './keepFile.ts'
import { findTemporary, type KeptTemporary } from './temporaryRow.ts'
import { firstSight, trackMedia } from './trackMedia.ts'

/**
 * A media that was not tracked is tracked from then on, if WeChat has it. Throws what the `WeChat` port throws,
 * `MEDIA_NOT_FOUND` above all, also for a media that was erased.
 */
export async function getTemporaryMedia(
  ports: CopyPorts,
  name: MediaName,
  signal: AbortSignal,
): Promise<KeptTemporary> {
  const { table, objects, clock } = ports
  const known = await findTemporary(table, name, signal)
  if (known?.data.state === 'ERASED') throw gone(name)
  const kept = known?.data.file
  if (known && kept && (await objects.head(kept.object_key, signal))) return { ...known.data, file: kept }
  const rule = await archiveRules(table)(name.appId, signal)
  if (known) return copyMedia(ports, known, { rule, signal })
  const seen = { ...name, source: 'tracked' as const }
  const opened = await openMedia(ports, firstSight(seen, clock.now()), signal)
  try {
    // Before the bytes are written: what lies in the store must always be found through a row.
    const row = await trackMedia(ports, seen, signal)
    if (row.data.state === 'ERASED') throw gone(name)
    // Another first reader may have been faster.
    if (row.data.file) return { ...row.data, file: row.data.file }
    return await copyMedia(ports, row, { rule, opened, signal })
  } finally {
    opened.body.destroy()
  }
}
