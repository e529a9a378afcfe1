/** The Table port in memory, for tests and the simulation. */
import type { DueRow, ListQuery, Page, PutResult, Row, RowDraft, RowKey, Table } from '../ports/table.ts'
import { fromAttribute, toAttribute } from './attributeValue.ts'
import { cursorAfter, cursorKey } from './tableCursor.ts'
import { tableFailure } from './tableFailure.ts'

/** An empty table; rows are copied on their way in and out. */
export function memoryTable(): Table {
  const partitions = new Map<string, Map<string, Row<unknown>>>()
  const find = ({ pk, sk }: RowKey) => partitions.get(pk)?.get(sk)
  // A row's data goes out as what its writer put in, as the port says.
  const copy = <T>(row: Row<unknown>) => structuredClone(row) as Row<T>

  return {
    get: <T>(key: RowKey, signal?: AbortSignal) =>
      guarded(signal, () => {
        const row = find(key)
        return row && copy<T>(row)
      }),

    put: <T>(draft: RowDraft<T>, expected: number, signal?: AbortSignal) =>
      guarded(signal, (): PutResult<T> => {
        const current = find(draft)
        if ((current?.version ?? 0) !== expected) return { ok: false, current: current && copy<T>(current) }
        const row = stored(draft, expected + 1)
        const partition = partitions.get(row.pk) ?? new Map<string, Row<unknown>>()
        partitions.set(row.pk, partition.set(row.sk, row))
        return { ok: true, row: copy<T>(row) }
      }),

    remove: (key, expected, signal) =>
      guarded(signal, () => {
        if (expected === 0 || find(key)?.version !== expected) return false
        return partitions.get(key.pk)?.delete(key.sk) ?? false
      }),

    list: <T>(pk: string, query: ListQuery, signal?: AbortSignal) =>
      guarded(signal, (): Page<Row<T>> => {
        const start = cursorKey(pk, query)
        const direction = query.descending ? -1 : 1
        const rows = [...(partitions.get(pk)?.values() ?? [])]
          .filter(row => row.sk.startsWith(query.prefix ?? '') && matches(row.data, query.where ?? {}))
          .filter(row => query.from === undefined || direction * inBytes(row.sk, query.from) >= 0)
          .filter(row => !start || direction * inBytes(row.sk, start.sk) > 0)
          .sort((a, b) => direction * inBytes(a.sk, b.sk))
        const items = rows.slice(0, query.limit).map(row => copy<T>(row))
        const last = rows.length > query.limit ? items.at(-1) : undefined
        return { items, cursor: last && cursorAfter(last) }
      }),

    due: (queue, until, limit, signal) =>
      guarded(signal, () =>
        [...partitions.values()]
          .flatMap(partition => [...partition.values()])
          .flatMap(({ pk, sk, due }): DueRow[] =>
            due?.queue === queue && due.at <= until ? [{ pk, sk, at: due.at }] : [],
          )
          .sort((a, b) => a.at - b.at)
          .slice(0, limit),
      ),
  }
}

/** The row that is kept: a copy that has passed the same gate as DynamoDB's, so both refuse the same data. */
function stored({ pk, sk, schemaVersion, data, due, ttl }: RowDraft<unknown>, version: number): Row<unknown> {
  return {
    ...{ pk, sk, schemaVersion, version, data: fromAttribute(toAttribute(data)) },
    ...(due && { due: { ...due } }),
    ...(ttl !== undefined && { ttl }),
  }
}

async function guarded<T>(signal: AbortSignal | undefined, work: () => T): Promise<T> {
  try {
    signal?.throwIfAborted()
    return work()
  } catch (error) {
    throw tableFailure(error, signal)
  }
}

function matches(data: unknown, where: NonNullable<ListQuery['where']>): boolean {
  const fields = new Map(typeof data === 'object' && data !== null ? Object.entries(data) : [])
  return Object.entries(where).every(([field, value]) => fields.get(field) === value)
}

/** The order of UTF-8 bytes, which is DynamoDB's; JavaScript's own puts 😀 before ！. */
function inBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
