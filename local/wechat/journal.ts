/** The append-only journal file: one JSON line per change, complete after `kill -9`. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { JournalEntry } from './mutation.ts'

const FILE_NAME = 'journal.jsonl'
/** The journal holds tokens and secrets of the simulated accounts. */
const OWNER_ONLY = 0o600

/** Where changes are written before they are answered. */
export interface Journal {
  /** What earlier runs wrote. */
  entries: JournalEntry[]
  append(entry: JournalEntry): void
}

/** A journal that is gone with the process. */
export const memoryJournal = (): Journal => ({ entries: [], append: () => {} })

/**
 * Opens the journal of `dataDir`, creating both. A last line that a killed process left half written is
 * cut off; any other damage throws an `Error` that names the line.
 */
export function openJournal(dataDir: string): Journal {
  mkdirSync(dataDir, { recursive: true })
  const path = join(dataDir, FILE_NAME)
  const entries = existsSync(path) ? readEntries(path) : []
  return {
    entries,
    append: entry => appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: OWNER_ONLY }),
  }
}

function readEntries(path: string): JournalEntry[] {
  const bytes = readFileSync(path)
  const end = bytes.lastIndexOf(0x0a) + 1
  if (end < bytes.length) truncateSync(path, end)
  const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)
  return lines.map((line, index) => {
    try {
      return JournalEntry.parse(JSON.parse(line))
    } catch (cause) {
      throw new Error(`${path}:${index + 1} is not a journal entry; move the file away to start afresh`, { cause })
    }
  })
}
