/** The Table port on CloudBase's document database. */
import type { AppError } from '../core/errors.ts'
import type { Random } from '../ports/random.ts'
import type { DueRow, ListQuery, Page, PutResult, Row, RowDraft, RowKey, Table } from '../ports/table.ts'
import { type CloudBaseClient, untilAborted } from './cloudBase.ts'
import { documentDue, documentExpired, documentId, documentRow, rowDocument } from './cloudDocument.ts'
import { cloudFailure } from './cloudFailure.ts'
import { cursorAfter, cursorKey } from './tableCursor.ts'
import { tableFailure } from './tableFailure.ts'

const OP_BYTES = 16

/** Documents read at least per page of a filtered list: most of them may not match. */
const FILTERED_PAGE_ROWS = 100

/** After this many pages a list answers what it has, so that a filter that matches nothing cannot run on for ever. */
const MAX_PAGES = 10

/** The database gives no more documents at once. */
const MAX_DOCUMENTS = 1_000

/** What the adapter needs. */
export interface CloudTableOptions {
  /** The collection, whose indexes are in docs/deploy-wxcloud.md. */
  collection: string
  client: CloudBaseClient
  /** Stamps each write, so that a repeated attempt recognises its own success. */
  random: Random
}

/**
 * The table in one collection: every write is an insert of a new id or an update of `{ _id, v }`, which changes one
 * document or none. Throws `AppError`: `STORE_UNAVAILABLE` when the database cannot be reached or throttles,
 * `INVALID_REQUEST` for a foreign cursor, `INTERNAL` for data that is not JSON and for refused calls.
 */
export function cloudTable({ collection, client, random }: CloudTableOptions): Table {
  const all = async () => (await client()).database().collection(collection)
  /** Filters and changes as the database itself spells them. */
  const where = async (filter: object) => (await all()).options({ raw: true, multiple: false }).where(filter)
  const only = (key: RowKey, version: number) => where({ _id: documentId(key), v: version })

  const read = async (key: RowKey): Promise<Record<string, unknown> | undefined> => {
    const found = await (await all()).doc(documentId(key)).get()
    return documents(found).at(0)
  }

  const insert = async (key: RowKey, fields: object): Promise<AppError | undefined> => {
    try {
      await (await all()).add({ _id: documentId(key), ...fields })
      return undefined
    } catch (error) {
      return cloudFailure(error, 'table')
    }
  }

  const update = async (key: RowKey, expected: number, changes: object): Promise<boolean> =>
    count(await (await only(key, expected)).update(changes), 'updated') > 0

  return {
    get: <T>(key: RowKey, signal?: AbortSignal) =>
      guarded(signal, async () => {
        const document = await read(key)
        return document && documentRow<T>(document)
      }),

    put: <T>(draft: RowDraft<T>, expected: number, signal?: AbortSignal) =>
      guarded(signal, async (): Promise<PutResult<T>> => {
        const op = Buffer.from(random.bytes(OP_BYTES)).toString('hex')
        const { fields, absent } = rowDocument({ ...draft, version: expected + 1 }, op)
        const failure = expected === 0 ? await insert(draft, fields) : undefined
        const written = expected === 0 ? !failure : await update(draft, expected, change(fields, absent))
        if (written) return { ok: true, row: documentRow<T>(fields) }
        const current = await read(draft)
        // The database has no code of its own for an id that is taken: whether one is there tells.
        if (failure && !current) throw failure
        if (current?.['op'] === op) return { ok: true, row: documentRow<T>(current) }
        return { ok: false, current: current && documentRow<T>(current) }
      }),

    remove: (key, expected, signal) =>
      guarded(signal, async () => expected > 0 && count(await (await only(key, expected)).remove(), 'deleted') > 0),

    list: <T>(pk: string, query: ListQuery, signal?: AbortSignal) =>
      guarded(signal, async (): Promise<Page<Row<T>>> => {
        let start = cursorKey(pk, query)
        const rows: Row<T>[] = []
        for (let page = 0; page < MAX_PAGES; page++) {
          // One more than asked for tells whether this is the end.
          const missing = query.limit + 1 - rows.length
          const size = Math.min(query.where ? Math.max(missing, FILTERED_PAGE_ROWS) : missing, MAX_DOCUMENTS)
          const found = await (await where({ pk, ...sortKeys(query, start) }))
            .orderBy('sk', query.descending ? 'desc' : 'asc')
            .limit(size)
            .get()
          const seen = documents(found).map(document => documentRow<T>(document))
          rows.push(...seen.filter(row => matches(row.data, query.where ?? {})))
          if (rows.length > query.limit) {
            const items = rows.slice(0, query.limit)
            return { items, cursor: cursorAfter(items.at(-1) ?? { pk, sk: '' }) }
          }
          start = seen.at(-1)
          if (seen.length < size) return { items: rows, cursor: undefined }
        }
        return { items: rows, cursor: start && cursorAfter(start) }
      }),

    due: (queue, until, limit, signal) =>
      guarded(signal, async () => {
        const rows: DueRow[] = []
        while (rows.length < limit) {
          const last = rows.at(-1)?.at
          const size = Math.min(limit - rows.length, MAX_DOCUMENTS)
          const times = { ...(last !== undefined && { $gte: last }), $lte: until }
          const found = await (await where({ dueQueue: queue, dueAt: times }))
            .orderBy('dueAt', 'asc')
            // The index orders by time alone: of those of the last moment, the first are known already.
            .skip(rows.filter(({ at }) => at === last).length)
            .limit(size)
            .field({ pk: true, sk: true, dueAt: true })
            .get()
          const page = documents(found).map(documentDue)
          rows.push(...page)
          if (page.length < size) break
        }
        return rows
      }),

    expired: (until, limit, signal) =>
      guarded(signal, async () => {
        const found = await (await where({ ttl: { $lte: until } }))
          .orderBy('ttl', 'asc')
          .limit(Math.min(limit, MAX_DOCUMENTS))
          .field({ pk: true, sk: true, v: true })
          .get()
        return documents(found).map(documentExpired)
      }),
  }
}

/** Runs SDK calls; every failure leaves as AppError. The SDK cannot be stopped, so an aborted caller just leaves. */
async function guarded<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await untilAborted(work, signal)
  } catch (error) {
    throw signal?.aborted ? tableFailure(error, signal) : cloudFailure(error, 'table')
  }
}

/** Replaces a row's fields, those that it has no more included. */
const change = (fields: object, absent: string[]): object => ({
  $set: fields,
  ...(absent.length > 0 && { $unset: Object.fromEntries(absent.map(name => [name, ''])) }),
})

/** The condition on the sort key; strings are compared by their UTF-8 bytes, as in DynamoDB. */
function sortKeys({ prefix = '', from, descending }: ListQuery, start: RowKey | undefined): object {
  const end = successor(prefix)
  const condition = {
    ...(prefix !== '' && { $gte: prefix }),
    ...(end !== undefined && { $lt: end }),
    ...(from !== undefined && { [descending ? '$lte' : '$gte']: from }),
    ...(start && { [descending ? '$lt' : '$gt']: start.sk }),
  }
  return Object.keys(condition).length > 0 ? { sk: condition } : {}
}

/** The first text after all that begin with `prefix`, `undefined` when there is none. */
function successor(prefix: string): string | undefined {
  const points = Array.from(prefix, character => character.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    // Surrogates are no characters.
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
  }
  return undefined
}

function matches(data: unknown, where: NonNullable<ListQuery['where']>): boolean {
  const fields = new Map(typeof data === 'object' && data !== null ? Object.entries(data) : [])
  return Object.entries(where).every(([field, value]) => fields.get(field) === value)
}

/** The documents of an answer. */
function documents(answer: unknown): Record<string, unknown>[] {
  const data: unknown = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined
  if (!Array.isArray(data)) throw new TypeError('the database answered without documents')
  return data
}

/** How many documents a write changed. */
function count(answer: unknown, name: 'updated' | 'deleted'): number {
  const value = new Map(Object.entries(answer ?? {})).get(name)
  if (typeof value !== 'number') throw new TypeError(`the database did not say how many documents were ${name}`)
  return value
}
