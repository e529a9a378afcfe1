/** A temporary media: fetched from WeChat once, and answered from the copy after WeChat has dropped it. */
import type { PortsOf } from '../../core/ports.ts'
import type { MediaName } from '../library/libraryRows.ts'
import { storeFile } from '../library/storedFile.ts'
import { gone, keepFile } from './keepFile.ts'
import { findTemporary, type KeptTemporary } from './temporaryRow.ts'
import { trackMedia } from './trackMedia.ts'

/**
 * A media that was not tracked is tracked from then on, if WeChat has it. Throws what the `WeChat` port throws,
 * `MEDIA_NOT_FOUND` above all.
 */
export async function getTemporaryMedia(
  ports: PortsOf<'table' | 'objects' | 'wechat'>,
  name: MediaName,
  signal: AbortSignal,
): Promise<KeptTemporary> {
  const { table, objects, wechat, clock } = ports
  const { appId, mediaId } = name
  const known = await findTemporary(table, name, signal)
  if (known?.data.state === 'ERASED') throw gone(name)
  const kept = known?.data.file
  if (known && kept && (await objects.head(kept.object_key, signal))) return { ...known.data, file: kept }
  const found = await wechat.media(appId).get(mediaId, signal)
  const media = found.kind === 'video' ? { ...(await found.open(signal)), filename: undefined } : found
  try {
    const row = known ?? (await trackMedia(ports, { ...name, source: 'tracked' }, signal))
    const now = clock.now()
    const file = await storeFile(objects, media, { stem: archiveStem(row.data), name: mediaId, now, signal })
    return await keepFile(ports, row, file, signal)
  } finally {
    media.body.destroy()
  }
}

/** Where the copy goes, without extension: by the day (UTC) on which WeChat got the media, however late it is copied. */
export function archiveStem({ app_id, media_id, created_at }: Archived): string {
  const day = new Date(created_at).toISOString().slice(0, 10).replaceAll('-', '/')
  return `store/${app_id}/temporary/${day}/${media_id}`
}

/** What a copy's key is made of. */
interface Archived {
  app_id: string
  media_id: string
  /** ms since the epoch */
  created_at: number
}
