/** Multipart uploads: parts on disk until they are joined or given up. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bucket, Buckets } from './buckets.ts'
import { type ChecksumAlgorithm, checksumAlgorithm, startChecksum } from './checksums.ts'
import { type DataFiles, discard, type Received } from './dataFiles.ts'
import type { Checksum } from './requestBody.ts'
import { S3Error } from './s3Error.ts'
import { isRecord, type ObjectFacts, parseChecksum, parseFacts, type StoredChecksum } from './storedObject.ts'

const READ_BYTES = 1024 * 1024

/** One part that arrived. */
export interface UploadPart {
  number: number
  file: string
  /** bytes */
  size: number
  /** Hex MD5, without quotes. */
  etag: string
  /** ms since the epoch */
  lastModified: number
  checksum?: Checksum
}

/** An upload under way. */
export interface Upload {
  id: string
  key: string
  facts: ObjectFacts
  checksum: { algorithm: ChecksumAlgorithm; type: StoredChecksum['type'] } | undefined
  directory: string
  parts: Map<number, UploadPart>
}

/** The parts of an upload as one body. */
export interface JoinedParts {
  received: Received
  /** Without quotes. */
  etag: string
  checksum: StoredChecksum | undefined
}

/** The multipart uploads of a server. */
export interface Uploads {
  create(bucket: Bucket, draft: Pick<Upload, 'key' | 'facts' | 'checksum'>): Upload
  /** Throws `S3Error('NoSuchUpload')`. */
  get(bucket: Bucket, key: string, id: string): Upload
  /** Stores a part, replacing an older one of its number. */
  putPart(upload: Upload, part: { number: number; received: Received; checksum: Checksum | undefined }): UploadPart
  /** Joins `parts` in the given order into one temporary file. */
  join(upload: Upload, parts: UploadPart[]): Promise<JoinedParts>
  /** Forgets an upload and its parts. */
  remove(bucket: Bucket, upload: Upload): Promise<void>
}

/** Opens the uploads of all `buckets`; `now` is in ms. */
export async function openUploads(buckets: Buckets, files: DataFiles, now: () => number): Promise<Uploads> {
  const uploads = new Map<string, Upload>()
  const name = (bucket: Bucket, id: string) => `${bucket.name}/${id}`
  for (const bucket of buckets.list()) {
    for (const id of readdirSync(join(bucket.directory, 'uploads'))) {
      const upload = await loadUpload(id, join(bucket.directory, 'uploads', id), files)
      if (upload) uploads.set(name(bucket, id), upload)
    }
  }
  return {
    create(bucket, draft) {
      const id = randomBytes(24).toString('hex')
      const directory = join(bucket.directory, 'uploads', id)
      mkdirSync(directory)
      files.writeRecord(join(directory, 'upload.json'), draft)
      const upload = { id, directory, parts: new Map(), ...draft }
      uploads.set(name(bucket, id), upload)
      return upload
    },
    get(bucket, key, id) {
      const upload = uploads.get(name(bucket, id))
      if (upload?.key === key) return upload
      throw new S3Error(
        'NoSuchUpload',
        'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      )
    },
    putPart(upload, { number, received, checksum }) {
      const part: UploadPart = {
        number,
        file: `body-${number}-${randomBytes(8).toString('hex')}`,
        size: received.size,
        etag: received.md5.toString('hex'),
        lastModified: now(),
        ...(checksum && { checksum }),
      }
      try {
        renameSync(received.path, join(upload.directory, part.file))
        files.writeRecord(join(upload.directory, `part-${number}.json`), part)
      } catch (error) {
        discard(received.path)
        throw error
      }
      const before = upload.parts.get(number)
      upload.parts.set(number, part)
      if (before) discard(join(upload.directory, before.file))
      return part
    },
    async join(upload, parts) {
      const whole = upload.checksum?.type === 'FULL_OBJECT' ? startChecksum(upload.checksum.algorithm) : undefined
      async function* bytes(): AsyncGenerator<Buffer> {
        for (const part of parts) {
          for await (const chunk of createReadStream(join(upload.directory, part.file), {
            highWaterMark: READ_BYTES,
          })) {
            whole?.update(chunk)
            yield chunk
          }
        }
      }
      const received = await files.receive(bytes())
      const md5 = createHash('md5')
      for (const part of parts) md5.update(part.etag, 'hex')
      const value = whole?.digest().toString('base64') ?? compositeChecksum(upload, parts)
      return {
        received,
        etag: `${md5.digest('hex')}-${parts.length}`,
        checksum: upload.checksum && value !== undefined ? { ...upload.checksum, value } : undefined,
      }
    },
    async remove(bucket, upload) {
      uploads.delete(name(bucket, upload.id))
      await rm(upload.directory, { recursive: true, force: true })
    },
  }
}

/** The checksum of the parts' raw checksums; `undefined` unless every part has one. */
function compositeChecksum(upload: Upload, parts: UploadPart[]): string | undefined {
  if (!upload.checksum) return undefined
  const running = startChecksum(upload.checksum.algorithm)
  for (const part of parts) {
    if (part.checksum?.algorithm !== upload.checksum.algorithm) return undefined
    running.update(Buffer.from(part.checksum.value, 'base64'))
  }
  return `${running.digest().toString('base64')}-${parts.length}`
}

/** Reads an upload back; a directory without a record, or a body without one, is cleared away. */
async function loadUpload(id: string, directory: string, files: DataFiles): Promise<Upload | undefined> {
  const records = files.readRecords(directory)
  const draft = records.find(record => record.name === 'upload.json')?.value
  const facts = parseFacts(isRecord(draft) ? draft['facts'] : undefined)
  if (!isRecord(draft) || !facts || typeof draft['key'] !== 'string') {
    await rm(directory, { recursive: true, force: true })
    return undefined
  }
  const parts = records.map(record => parsePart(record.value)).filter(part => part !== undefined)
  const named = new Set(parts.map(part => part.file))
  for (const file of readdirSync(directory)) {
    if (file.startsWith('body-') && !named.has(file)) discard(join(directory, file))
  }
  return {
    id,
    directory,
    key: draft['key'],
    facts,
    checksum: parseKind(draft['checksum']),
    parts: new Map(parts.map(part => [part.number, part])),
  }
}

function parsePart(value: unknown): UploadPart | undefined {
  if (!isRecord(value)) return undefined
  const { number, file, size, etag, lastModified } = value
  if (typeof number !== 'number' || typeof size !== 'number' || typeof lastModified !== 'number') return undefined
  if (typeof file !== 'string' || typeof etag !== 'string') return undefined
  const checksum = parseChecksum(value['checksum'])
  return { number, file, size, etag, lastModified, ...(checksum && { checksum }) }
}

function parseKind(value: unknown): Upload['checksum'] {
  const algorithm = isRecord(value) ? checksumAlgorithm(String(value['algorithm'])) : undefined
  if (!algorithm || !isRecord(value)) return undefined
  return { algorithm, type: value['type'] === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE' }
}
