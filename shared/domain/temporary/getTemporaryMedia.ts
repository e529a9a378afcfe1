/** A temporary media: fetched from WeChat once, and answered from the copy after WeChat has dropped it. */
import type { MediaName } from '../library/libraryRows.ts'
import { archiveRules } from './archive.ts'
import { type CopyPorts, copyMedia, storeMedia } from './copyMedia.ts'
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
  const file = await storeMedia(ports, firstSight(seen, clock.now()), { rule, signal })
  const { data } = await trackMedia(ports, { ...seen, file, rule }, signal)
  // Another first reader may have won, or the fan who sent it may have asked for its end.
  if (data.file?.object_key !== file.object_key) await objects.remove(file.object_key, signal)
  if (!data.file) throw gone(name)
  return { ...data, file: data.file }
}
