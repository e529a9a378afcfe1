/** A number that grows with every commit and never repeats, also across kills. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const RESERVED_AHEAD = 100_000
const STEPS_PER_MS = 1024

/**
 * Opens the sequence of `dataDir`. It starts above the last reservation and above the time `now` (ms), so that
 * numbers grow even when the directory was wiped while their readers remember older ones.
 */
export function openSequence(dataDir: string, now: number): () => number {
  const path = join(dataDir, 'sequence')
  let last = Math.max(storedMark(path), now * STEPS_PER_MS)
  let reserved = last
  return () => {
    last += 1
    if (last > reserved) {
      reserved = last + RESERVED_AHEAD
      writeFileSync(`${path}.new`, String(reserved))
      renameSync(`${path}.new`, path)
    }
    return last
  }
}

function storedMark(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0
  } catch {
    return 0
  }
}
