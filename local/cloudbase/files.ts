/** The stand-in's storage: files by key, kept on disk, each one whole or not at all. */
import { mkdirSync, renameSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { discard, hashedName, openDataFiles } from '../s3/dataFiles.ts'

const StoredFile = z.object({
  key: z.string(),
  /** The name of the file that has the bytes. */
  body: z.string(),
  /** bytes */
  size: z.number(),
  /** The MD5 in hex, as COS has it. */
  etag: z.string(),
  /** What the writer sent and a reader gets again: content-type, content-disposition, x-cos-meta-*. */
  headers: z.record(z.string(), z.string()),
})

/** What is kept of a file. */
export type StoredFile = z.infer<typeof StoredFile>

/** Reading and changing files. */
export interface Files {
  get(key: string): StoredFile | undefined
  open(file: StoredFile): Promise<FileHandle>
  /** Takes all of `bytes`, then makes them the file at `key` in one step. Throws what reading the bytes throws. */
  put(key: string, bytes: AsyncIterable<Buffer>, headers: Record<string, string>): Promise<StoredFile>
  /** Whether there was one. */
  remove(key: string): boolean
}

/** The files below `dataDir`. */
export async function openFiles(dataDir: string): Promise<Files> {
  const data = await openDataFiles(dataDir)
  const records = join(dataDir, 'records')
  const bodies = join(dataDir, 'bodies')
  for (const directory of [records, bodies]) mkdirSync(directory, { recursive: true })
  const files = new Map<string, StoredFile>()
  for (const { value } of data.readRecords(records)) {
    const file = StoredFile.parse(value)
    files.set(file.key, file)
  }
  let sequence = Date.now()
  return {
    get: key => files.get(key),
    open: file => open(join(bodies, file.body)),
    async put(key, bytes, headers) {
      const received = await data.receive(bytes)
      const before = files.get(key)
      const body = `${hashedName(key)}-${(sequence++).toString(16)}`
      const file = { key, body, size: received.size, etag: received.md5.toString('hex'), headers }
      renameSync(received.path, join(bodies, body))
      data.writeRecord(join(records, `${hashedName(key)}.json`), file)
      files.set(key, file)
      if (before) discard(join(bodies, before.body))
      return file
    },
    remove(key) {
      const file = files.get(key)
      if (!file) return false
      discard(join(records, `${hashedName(key)}.json`))
      files.delete(key)
      discard(join(bodies, file.body))
      return true
    },
  }
}
