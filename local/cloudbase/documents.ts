/** The collections of the stand-in: in memory, each change first appended to a journal file. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { compareValues, type Document, matchesFilter } from './matchDocument.ts'

const FILE_NAME = 'documents.jsonl'
/** The journal holds sealed secrets and tokens. */
const OWNER_ONLY = 0o600

const Entry = z.object({
  collection: z.string(),
  id: z.string(),
  /** Absent: the document is removed. */
  document: z.record(z.string(), z.unknown()).optional(),
})
type Entry = z.infer<typeof Entry>

/** How a query is answered. */
export interface Selection {
  filter: Document
  /** Fields to sort by; 1 upwards, -1 downwards. */
  order: Record<string, number>
  offset: number
  limit: number
}

/** What the database does. Each call happens within one turn, so that it is atomic. */
export interface Documents {
  /** Throws `DuplicateKey` when the id is taken. */
  insert(collection: string, document: Document): string
  find(collection: string, selection: Selection): Document[]
  /** Changes what fits, only the first unless `multi`; tells how many. */
  update(collection: string, filter: Document, change: { set: Document; unset: string[]; multi: boolean }): number
  remove(collection: string, filter: Document, multi: boolean): number
}

/** An id that is taken. */
export class DuplicateKey extends Error {}

/** The collections kept in `dataDir`. */
export function openDocuments(dataDir: string): Documents {
  const collections = new Map<string, Map<string, Document>>()
  const of = (name: string) => {
    const found = collections.get(name) ?? new Map<string, Document>()
    collections.set(name, found)
    return found
  }
  const apply = ({ collection, id, document }: Entry) =>
    document ? of(collection).set(id, document) : of(collection).delete(id)
  const file = openFile(dataDir, apply, () => entriesOf(collections))
  const commit = (entry: Entry) => {
    appendFileSync(file, line(entry))
    apply(entry)
  }
  const fitting = (collection: string, filter: Document, multi: boolean) => {
    const candidates = typeof filter['_id'] === 'string' ? [of(collection).get(filter['_id'])] : of(collection).values()
    const found: Document[] = []
    for (const document of candidates) {
      if (document && matchesFilter(document, filter)) found.push(document)
      if (found.length > 0 && !multi) break
    }
    return found
  }
  return {
    insert(collection, document) {
      const id = String(document['_id'])
      if (of(collection).has(id)) throw new DuplicateKey(id)
      commit({ collection, id, document: structuredClone(document) })
      return id
    },
    find: (collection, { filter, order, offset, limit }) =>
      fitting(collection, filter, true)
        .sort((a, b) => inOrder(a, b, order))
        .slice(offset, offset + limit),
    update(collection, filter, { set, unset, multi }) {
      const found = fitting(collection, filter, multi)
      for (const before of found) {
        const kept = Object.entries(before).filter(([name]) => !unset.includes(name))
        commit({ collection, id: String(before['_id']), document: { ...Object.fromEntries(kept), ...set } })
      }
      return found.length
    },
    remove(collection, filter, multi) {
      const found = fitting(collection, filter, multi)
      for (const { _id } of found) commit({ collection, id: String(_id) })
      return found.length
    },
  }
}

function inOrder(a: Document, b: Document, order: Record<string, number>): number {
  for (const [field, direction] of Object.entries(order)) {
    const difference = compareValues(a[field], b[field]) * direction
    if (difference !== 0) return difference
  }
  return 0
}

const line = (entry: Entry): string => `${JSON.stringify(entry)}\n`

const entriesOf = (collections: Map<string, Map<string, Document>>): Entry[] =>
  [...collections].flatMap(([collection, held]) =>
    [...held].map(([id, document]): Entry => ({ collection, id, document })),
  )

/** Reads the journal but for a last line that a killed process left half written, and writes it anew without what is gone. */
function openFile(dataDir: string, apply: (entry: Entry) => void, entries: () => Entry[]): string {
  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, FILE_NAME)
  if (existsSync(file)) {
    const bytes = readFileSync(file)
    const end = bytes.lastIndexOf(0x0a) + 1
    for (const text of bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)) {
      apply(Entry.parse(JSON.parse(text)))
    }
  }
  const fresh = `${file}.new`
  writeFileSync(fresh, entries().map(line).join(''), { mode: OWNER_ONLY })
  renameSync(fresh, file)
  return file
}
