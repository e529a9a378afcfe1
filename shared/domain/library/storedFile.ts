/** A file of WeChat's that was copied into the object store. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { extensionOf, SNIFF_BYTES } from '../../core/fileKind.ts'
import { firstBytes } from '../../core/firstBytes.ts'
import { Passing } from '../../core/passing.ts'
import type { ObjectStore, StorageClass, WriteOptions } from '../../ports/objectStore.ts'
import type { BinaryMedia } from '../../ports/wechat.ts'
import { cleanFilename } from '../uploads/mediaRules.ts'
import { downloadedFormat } from './downloadedFormat.ts'

/** What a row keeps of it. */
export const StoredFile = z.object({
  object_key: z.string(),
  content_type: z.string(),
  /** bytes */
  size: z.number(),
  /** lower-case hex */
  sha256: z.string(),
  /** As a download is named. */
  filename: z.string(),
  /** ms since the epoch */
  stored_at: z.number(),
})

/** What a row keeps of it. */
export type StoredFile = z.infer<typeof StoredFile>

/** Where a file goes and what it is called. */
export interface Shelf {
  /** The object's key without extension. */
  stem: string
  /** The download's name without extension, where WeChat gives none. */
  name: string
  /** ms since the epoch */
  now: number
  signal: AbortSignal
  /** For objects that are to be useful without our rows: these and the SHA-256 become their metadata. */
  archive?: ArchiveFacts
}

/** What an archived object carries beside its bytes. */
export interface ArchiveFacts {
  metadata: Record<string, string>
  storageClass?: StorageClass | undefined
}

/** So much is held in memory to write an object with its SHA-256 at once; a larger one is described afterwards. */
const AT_ONCE_BYTES = 1024 * 1024

/**
 * Streams a file into the store, whole or not at all. What its first bytes are decides over extension and content type.
 * Throws `AppError('WECHAT_BAD_ANSWER')` for text, which is never a file of WeChat's, and for one that breaks off.
 */
export async function storeFile(
  objects: ObjectStore,
  media: BinaryMedia,
  { stem, name, now, signal, archive }: Shelf,
): Promise<StoredFile> {
  try {
    const format = downloadedFormat(await firstBytes(media.body, SNIFF_BYTES), media)
    if (!format) throw new AppError('WECHAT_BAD_ANSWER', 'What WeChat gave is text and no file.')
    const { extension, contentType } = format
    const key = `${stem}.${extension}`
    const { body, facts } = watched(media.body)
    const options = { contentType, signal, ...(media.size !== undefined && { size: media.size }) }
    if (archive) await writeArchived(objects, { key, body, facts, options }, archive)
    else await objects.write(key, body, options)
    const given = cleanFilename(media.filename ?? '') || name
    const filename = extensionOf(given) === extension ? given : `${given}.${extension}`
    return { object_key: key, content_type: contentType, ...facts(), filename, stored_at: now }
  } finally {
    media.body.destroy()
  }
}

interface Watched {
  body: Readable
  /** Of the bytes that have come so far. */
  facts: () => { size: number; sha256: string }
}

/** With the SHA-256 among its metadata, which is known only when all bytes have come. */
async function writeArchived(
  objects: ObjectStore,
  { key, body, facts, options }: Watched & { key: string; options: WriteOptions },
  { metadata, storageClass }: ArchiveFacts,
): Promise<void> {
  const stored = { ...options, ...(storageClass && { storageClass }) }
  const whole = () => ({ ...metadata, sha256: facts().sha256 })
  if (options.size !== undefined && options.size <= AT_ONCE_BYTES) {
    const bytes = Buffer.concat(await body.toArray())
    await objects.write(key, bytes, { ...stored, metadata: whole() })
    return
  }
  await objects.write(key, body, { ...stored, metadata })
  await objects.describe(key, { ...stored, metadata: whole() })
}

/** The same bytes, measured and hashed on their way. */
function watched(source: Readable): Watched {
  const hash = createHash('sha256')
  let size = 0
  const body = new Passing(source, {
    look(piece) {
      hash.update(piece)
      size += piece.length
    },
  })
  return { body, facts: () => ({ size, sha256: hash.copy().digest('hex') }) }
}
