/** Files that appear whole or not at all: written under a temporary name, then renamed. */
import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  fdatasync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFile,
  writeFileSync,
} from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const WRITE_BYTES = 256 * 1024

/** Bytes that arrived completely and wait under a temporary name for their commit. */
export interface Received {
  path: string
  /** bytes */
  size: number
  /** The raw MD5. */
  md5: Buffer
}

/**
 * The files below one data directory. Small metadata calls are synchronous: they cost less than a trip to the
 * thread pool, and a change made in one turn needs no lock.
 */
export interface DataFiles {
  /** Writes all of `bytes` to a temporary file, on disk when this resolves; when it throws, no file is left. */
  receive(bytes: AsyncIterable<Buffer>): Promise<Received>
  /** A temporary second name of an existing file. */
  secondName(path: string): string
  /** Writes `value` as JSON, replacing an older file in one step. */
  writeRecord(path: string, value: unknown): void
  /** Every readable `*.json` of a directory; a damaged one is removed. */
  readRecords(directory: string): { name: string; value: unknown }[]
}

/** Prepares `dataDir` and clears what a killed process left half written. */
export async function openDataFiles(dataDir: string): Promise<DataFiles> {
  const temporary = join(dataDir, 'tmp')
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  const temporaryPath = () => join(temporary, randomUUID())
  return {
    async receive(bytes) {
      const path = temporaryPath()
      try {
        return { path, ...(await writeAll(path, bytes)) }
      } catch (error) {
        discard(path)
        throw error
      }
    },
    secondName(path) {
      const name = temporaryPath()
      linkSync(path, name)
      return name
    },
    writeRecord(path, value) {
      const name = temporaryPath()
      writeFileSync(name, JSON.stringify(value))
      renameSync(name, path)
    },
    readRecords(directory) {
      const records: { name: string; value: unknown }[] = []
      for (const name of readdirSync(directory).filter(each => each.endsWith('.json'))) {
        const value = parseJson(readFileSync(join(directory, name), 'utf8'))
        if (value === undefined) discard(join(directory, name))
        else records.push({ name, value })
      }
      return records
    },
  }
}

/** Removes a file; one that is gone already is no error. */
export function discard(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Whether `error` says that a file does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** A file name for any text: nothing of the text itself reaches the file system. */
export function hashedName(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const writeBlock = promisify<number, Buffer, void>(writeFile)
const syncData = promisify(fdatasync)

/** The file is synced before anything may name it, so that a record never points at bytes a power cut lost. */
async function writeAll(path: string, bytes: AsyncIterable<Buffer>): Promise<{ size: number; md5: Buffer }> {
  const descriptor = openSync(path, 'wx')
  try {
    const md5 = createHash('md5')
    let size = 0
    let gathered: Buffer[] = []
    let gatheredBytes = 0
    for await (const chunk of bytes) {
      md5.update(chunk)
      size += chunk.length
      gathered.push(chunk)
      gatheredBytes += chunk.length
      if (gatheredBytes < WRITE_BYTES) continue
      await writeBlock(descriptor, Buffer.concat(gathered))
      gathered = []
      gatheredBytes = 0
    }
    for (const chunk of gathered) writeFileSync(descriptor, chunk)
    await syncData(descriptor)
    return { size, md5: md5.digest() }
  } finally {
    closeSync(descriptor)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
