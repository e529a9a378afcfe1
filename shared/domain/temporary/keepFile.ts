/** Writes down where the copy of a temporary media lies; of several at once one wins and all answer the same. */
import type { ArchiveRule } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import { mediaTypeOf } from '../library/downloadedFormat.ts'
import type { MediaName } from '../library/libraryRows.ts'
import type { StoredFile } from '../library/storedFile.ts'
import { indexMedia } from './mediaIndex.ts'
import { asTemporary, type KeptTemporary, type TemporaryData, type TemporaryRow, temporaryRow } from './temporaryRow.ts'

const MAX_TRIES = 5
const DAY_MS = 86_400_000

/** The error for a media that is not to be had. */
export const gone = ({ mediaId }: Pick<MediaName, 'mediaId'>): AppError =>
  new AppError('MEDIA_NOT_FOUND', 'The media was deleted.', { media_id: mediaId })

/**
 * Makes the row `MIRRORED`, whatever happened to it since `row` was read. An object that lost against another key is
 * removed, and so is that of a media which was erased meanwhile: then it throws `MEDIA_NOT_FOUND`.
 */
export async function keepFile(
  { table, objects }: PortsOf<'table' | 'objects'>,
  row: TemporaryRow,
  { file, rule }: { file: StoredFile; rule: ArchiveRule },
  signal?: AbortSignal,
): Promise<KeptTemporary> {
  let present = row
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const next = mirrored(present.data, file, rule)
    await indexMedia(table, next, signal)
    const written = await table.put<unknown>(temporaryRow(next), present.version, signal)
    if (written.ok) return next
    if (!written.current) break
    present = asTemporary(written.current)
    if (present.data.state === 'ERASED') break
    const winner = present.data.file
    if (winner && winner.object_key !== row.data.file?.object_key) {
      if (winner.object_key !== file.object_key) await objects.remove(file.object_key, signal)
      return { ...present.data, file: winner }
    }
    if (tries === MAX_TRIES - 1)
      throw new AppError('WRITE_CONFLICT', 'The media is being changed by others; try again.')
  }
  await objects.remove(file.object_key, signal)
  throw gone({ mediaId: row.data.media_id })
}

/** The media with its copy, and the end of that. */
export function mirrored(data: TemporaryData, file: StoredFile, { retention_days }: ArchiveRule): KeptTemporary {
  const { try_at: _, error: __, origin: ___, keep_until: ____, ...rest } = data
  const type = data.type ?? mediaTypeOf(file.content_type)
  return {
    ...rest,
    ...(type && { type }),
    state: 'MIRRORED',
    file,
    ...(retention_days !== undefined && { keep_until: data.created_at + retention_days * DAY_MS }),
  }
}
