/** Copies a temporary media into the store: from an object of ours where there is one, else from WeChat. */
import type { ArchiveRule } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { BinaryMedia } from '../../ports/wechat.ts'
import { type StoredFile, storeFile } from '../library/storedFile.ts'
import { archiveFacts, archiveStem, placesOfCopies } from './archive.ts'
import { keepFile } from './keepFile.ts'
import type { KeptTemporary, TemporaryData, TemporaryRow } from './temporaryRow.ts'

/** What copying needs. */
export type CopyPorts = PortsOf<'table' | 'objects' | 'wechat'>

/**
 * Copies the media of a row, its bytes first and then the row: what was opened by {@link openMedia}, else what that
 * opens, else, when WeChat has dropped it, what a run left in the store that died before it wrote the row. Throws what
 * `openMedia`, `storeFile` and `keepFile` throw.
 */
export async function copyMedia(
  ports: CopyPorts,
  row: TemporaryRow,
  { rule, opened, signal }: { rule: ArchiveRule; opened?: BinaryMedia; signal: AbortSignal },
): Promise<KeptTemporary> {
  const media = opened ?? (await openMedia(ports, row.data, signal).catch(orLeft(ports, row.data, signal)))
  const file = await shelve(ports, row.data, { media, rule, signal })
  const kept = await keepFile(ports, row, { file, rule }, signal)
  if (row.data.origin !== undefined) await removeOrigin(ports, row.data.origin)
  return kept
}

/** Opens the bytes. Throws what the `WeChat` port and the stores throw, `MEDIA_NOT_FOUND` when WeChat has none. */
export async function openMedia(ports: CopyPorts, data: TemporaryData, signal: AbortSignal): Promise<BinaryMedia> {
  return (await ownObject(ports, data, signal)) ?? (await fromWeChat(ports, data, signal))
}

/** Puts bytes at the media's place in the archive. Throws what `storeFile` throws. */
export function shelve(
  { objects, clock }: PortsOf<'objects'>,
  data: TemporaryData,
  { media, rule, signal }: { media: BinaryMedia; rule: ArchiveRule; signal: AbortSignal },
): Promise<StoredFile> {
  return storeFile(objects, data.filename === undefined ? media : { ...media, filename: data.filename }, {
    stem: archiveStem(data),
    name: data.media_id,
    now: clock.now(),
    signal,
    archive: archiveFacts(data, rule),
  })
}

async function ownObject(
  ports: CopyPorts,
  { origin }: TemporaryData,
  signal: AbortSignal,
): Promise<BinaryMedia | undefined> {
  return origin === undefined ? undefined : objectAt(ports, origin, signal)
}

async function objectAt({ objects }: CopyPorts, key: string, signal: AbortSignal): Promise<BinaryMedia | undefined> {
  const object = await objects.read(key, { signal })
  if (!object) return undefined
  const { contentType, size, body } = object
  return { kind: 'binary', contentType, size, filename: undefined, body }
}

/** Objects appear whole or not at all: what lies at one of the media's places is a copy of it. */
function orLeft(ports: CopyPorts, data: TemporaryData, signal: AbortSignal): (error: unknown) => Promise<BinaryMedia> {
  return async error => {
    if (!(error instanceof AppError) || error.code !== 'MEDIA_NOT_FOUND') throw error
    for (const key of placesOfCopies(data)) {
      if (!(await ports.objects.head(key, signal))) continue
      const left = await objectAt(ports, key, signal)
      if (left) return left
    }
    throw error
  }
}

async function fromWeChat(
  { wechat }: CopyPorts,
  { app_id, media_id, hd }: TemporaryData,
  signal: AbortSignal,
): Promise<BinaryMedia> {
  const media = wechat.media(app_id)
  if (hd) {
    const voice = await media.getVoice(media_id, signal).catch(unlessUnknown)
    if (voice) return voice
  }
  const found = await media.get(media_id, signal)
  // A video's name at its address says nothing.
  return found.kind === 'video' ? { ...(await found.open(signal)), filename: undefined } : found
}

/** A voice that only media/get knows, too. */
function unlessUnknown(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'MEDIA_NOT_FOUND') return undefined
  throw error
}

/** The copy is written down; the bucket's lifecycle removes what this misses. */
async function removeOrigin({ objects, log }: CopyPorts, origin: string): Promise<void> {
  try {
    await objects.remove(origin)
  } catch (error) {
    log.warn('an object that was copied could not be removed', { object_key: origin, error })
  }
}
