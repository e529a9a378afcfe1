/** Media that this service uploaded itself: their copy comes from our own bytes, WeChat is never asked for them. */
import type { Account } from '../../core/account.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { MediaFile, TemporaryMedia } from '../../ports/wechat.ts'
import type { UploadData } from '../uploads/uploadRow.ts'
import { shelve } from './copyMedia.ts'
import { firstSight, type SeenMedia, trackMedia } from './trackMedia.ts'

/**
 * Keeps the bytes of a request that WeChat has just taken, and tracks the media. Never throws: the caller has WeChat's
 * answer; without our copy the mirror fetches the media later.
 */
export async function keepUploaded(
  ports: PortsOf<'table' | 'objects'>,
  { account, media, file }: { account: Account; media: TemporaryMedia; file: MediaFile },
  signal: AbortSignal,
): Promise<void> {
  const rule = account.archive ?? {}
  const seen: SeenMedia = {
    appId: account.app_id,
    mediaId: media.media_id,
    source: 'upload',
    type: media.type,
    createdAt: media.created_at * 1000,
    filename: file.filename,
  }
  const { log, clock } = ports
  try {
    const body = await file.open(signal)
    const bytes = { ...file, kind: 'binary' as const, body }
    const kept = await shelve(ports, firstSight(seen, clock.now()), { media: bytes, rule, signal }).catch(error => {
      log.warn('an uploaded media could not be kept; the mirror will fetch it', { media_id: media.media_id, error })
      return undefined
    })
    await trackMedia(ports, { ...seen, file: kept, rule })
  } catch (error) {
    log.error('an uploaded media is not tracked', { app_id: account.app_id, media_id: media.media_id, error })
  }
}

/**
 * Tracks the media that a posted object became; the object stays until the mirror has copied it. To be awaited before
 * the upload counts as stored: what is known to be there is always tracked. Throws what `trackMedia` throws.
 */
export async function trackForwarded(
  ports: PortsOf<'table'>,
  { app_id, type, filename, object_key, claim }: UploadData,
  mediaId: string,
): Promise<void> {
  const createdAt = claim?.started_at ?? ports.clock.now()
  await trackMedia(ports, {
    ...{ appId: app_id, mediaId, source: 'upload', type, filename, createdAt },
    origin: object_key,
  })
}
