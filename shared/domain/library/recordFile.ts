/** Writes down where a copy lies; of several first readers at once, one wins and all answer the same. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Shelved } from './libraryRows.ts'
import type { StoredFile } from './storedFile.ts'

const MAX_TRIES = 3

/** A row with its copy, and the version that was seen (0: none). */
export interface Recorded<T> {
  data: T & { file: StoredFile }
  expected: number
  signal: AbortSignal
}

/**
 * Answers the row as it is afterwards. An object that lost against another key is removed again. Throws
 * `MEDIA_NOT_FOUND` when the media was deleted meanwhile, `WRITE_CONFLICT` when others write all the time.
 */
export async function recordFile<T extends { file?: StoredFile | undefined; media_id: string }>(
  { table, objects }: PortsOf<'table' | 'objects'>,
  shelf: Shelved<T>,
  { data, expected, signal }: Recorded<T>,
): Promise<T & { file: StoredFile }> {
  const ours = data.file.object_key
  let version = expected
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const written = await table.put(shelf.draft(data), version, signal)
    if (written.ok) return data
    const { current } = written
    if (!current) {
      await objects.remove(ours, signal)
      throw new AppError('MEDIA_NOT_FOUND', 'The media was deleted meanwhile.', { media_id: data.media_id })
    }
    const winner = shelf.parse(current.data)
    if (winner.file) {
      if (winner.file.object_key !== ours) await objects.remove(ours, signal)
      return { ...winner, file: winner.file }
    }
    version = current.version
  }
  throw new AppError('WRITE_CONFLICT', 'The media is being changed by others; try again.')
}
