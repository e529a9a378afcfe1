/** Where media bytes lie, named by their SHA-256: in memory, or one file each. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes by lower-case hex SHA-256. */
export interface Bodies {
  write(sha256: string, bytes: Buffer): void
  /** Throws an `Error` for a hash that was never written. */
  read(sha256: string): Buffer
}

/** Bytes that are gone with the process. */
export function memoryBodies(): Bodies {
  const bodies = new Map<string, Buffer>()
  return {
    write: (sha256, bytes) => void bodies.set(sha256, bytes),
    read: sha256 => {
      const bytes = bodies.get(sha256)
      if (!bytes) throw new Error(`no body ${sha256}`)
      return bytes
    },
  }
}

/** Bytes as files of `dataDir/bodies`; a file appears whole or not at all. */
export function openBodies(dataDir: string): Bodies {
  const folder = join(dataDir, 'bodies')
  mkdirSync(folder, { recursive: true })
  return {
    write: (sha256, bytes) => {
      const path = join(folder, sha256)
      if (existsSync(path)) return
      writeFileSync(`${path}.partial`, bytes)
      renameSync(`${path}.partial`, path)
    },
    read: sha256 => readFileSync(join(folder, sha256)),
  }
}
