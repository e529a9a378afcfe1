/** The one way by which the service gets to know of a temporary media. */
import type { ArchiveRule } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { MediaType } from '../../ports/wechat.ts'
import type { StoredFile } from '../library/storedFile.ts'
import { archiveStem, otherStems } from './archive.ts'
import { mirrored } from './keepFile.ts'
import { indexMedia, leaveExpiry } from './mediaIndex.ts'
import { findTemporary, LIFE_MS, type TemporaryData, type TemporaryRow, temporaryRow } from './temporaryRow.ts'

const MAX_TRIES = 5

/** What is known of a media when it is seen. */
export interface SeenMedia {
  appId: string
  /** WeChat's media_id, also the `MediaId16K` of a voice, which is a media of its own. */
  mediaId: string
  /** `upload`: by this service, `fan`: in a message, `tracked`: named by a caller. */
  source: TemporaryData['source']
  /** A shortvideo is a `video`. */
  type?: MediaType | undefined
  /** When WeChat got it, ms since the epoch; without it WeChat may drop the media earlier than its row says. */
  createdAt?: number | undefined
  /** Who sent it: `openidHash`'s answer, never an openid. */
  openidHash?: string | undefined
  /** The copy, where the bytes are in the store already. */
  file?: StoredFile | undefined
  /** The key of an object of ours with the same bytes, from which the copy will be made; it is removed afterwards. */
  origin?: string | undefined
  /** With `file`: how the account keeps copies. */
  rule?: ArchiveRule | undefined
  /** What the copy is to be called when it is downloaded. */
  filename?: string | undefined
  /** The media of which it is a later upload. */
  renewedFrom?: string | undefined
  /** A voice of the JS-SDK, whose better form is to be kept. */
  hd?: boolean | undefined
}

/**
 * Tracks a temporary media: from then on it is listed, and copied before WeChat drops it. Safe to call any number of
 * times, also at once: one media_id has one row. A later sighting adds what the row did not know (type, age, fan, file,
 * origin) and changes nothing else; an erased media stays erased. Answers the row as it is then. Throws
 * `AppError('WRITE_CONFLICT')` when others write all the time, and what the `Table` port throws.
 */
export async function trackMedia(
  { table, clock }: PortsOf<'table'>,
  seen: SeenMedia,
  signal?: AbortSignal,
): Promise<TemporaryRow> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await findTemporary(table, seen, signal)
    const next = before ? learned(before.data, seen) : firstSight(seen, clock.now())
    if (before && next === before.data) return before
    await indexMedia(table, next, signal)
    const written = await table.put(temporaryRow(next), before?.version ?? 0, signal)
    if (!written.ok) continue
    if (before && before.data.expires_at !== next.expires_at) await leaveExpiry(table, before.data, signal)
    return written.row
  }
  throw new AppError('WRITE_CONFLICT', 'The media is being changed by others; try again.')
}

/** The row of a media that was never seen before. */
export function firstSight(seen: SeenMedia, now: number): TemporaryData {
  const created = seen.createdAt ?? now
  const { type, openidHash, file, filename, origin, hd } = seen
  const data: TemporaryData = {
    app_id: seen.appId,
    media_id: seen.mediaId,
    source: seen.source,
    ...(type && { type }),
    state: 'PENDING',
    try_at: Math.min(created, now),
    created_at: created,
    age_known: seen.createdAt !== undefined,
    expires_at: created + LIFE_MS,
    attempts: 0,
    ...(origin !== undefined && { origin }),
    ...(hd && { hd }),
    ...(filename !== undefined && { filename }),
    ...(seen.renewedFrom !== undefined && { renewed_from: seen.renewedFrom }),
    ...(openidHash !== undefined && { openid_hash: openidHash }),
  }
  return file ? mirrored(data, file, seen.rule ?? {}) : data
}

/** The row with what it did not know; the same object when there is nothing new. */
function learned(data: TemporaryData, seen: SeenMedia): TemporaryData {
  if (data.state === 'ERASED') return data
  const { type, createdAt, openidHash, file, origin, hd } = seen
  const news: Partial<TemporaryData> = {}
  if (!data.type && type) news.type = type
  if (!data.age_known && createdAt !== undefined) {
    Object.assign(news, { created_at: createdAt, age_known: true, expires_at: createdAt + LIFE_MS })
    // A run that began before may yet write where it was told to.
    const stems = otherStems({ ...data, created_at: createdAt, stems: [...(data.stems ?? []), archiveStem(data)] })
    if (stems.length > 0) news.stems = stems
  }
  if (data.openid_hash === undefined && openidHash !== undefined) news.openid_hash = openidHash
  if (!data.file && data.origin === undefined && origin !== undefined) news.origin = origin
  if (data.state === 'PENDING' && hd && !data.hd) news.hd = true
  if (!data.file && file) {
    return mirrored({ ...data, ...news }, file, seen.rule ?? {})
  }
  return Object.keys(news).length === 0 ? data : { ...data, ...news }
}
