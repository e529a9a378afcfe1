/** What a row's `data` may hold: JSON without `undefined` (absent optional fields are simply left out). */
export type Json = string | number | boolean | null | Json[] | { [field: string]: Json | undefined }

/** The primary key of a row. */
export interface RowKey {
  pk: string
  sk: string
}

/** A row as it is written. */
export interface RowDraft<T> extends RowKey {
  /** Which reader understands `data`; see docs/data-model.md. */
  schemaVersion: number
  data: T
  /** Puts the row on the due-time index: `queue` finds it once `at` (ms since the epoch) has come. */
  due?: { queue: string; at: number }
  /** Seconds since the epoch after which the store may collect the row. Garbage collection only: compare on read. */
  ttl?: number
}

/** A row as it is read: a draft with the version that the next write must name. */
export interface Row<T> extends RowDraft<T> {
  /** 1 after the first write, one more after each later one. */
  version: number
}

/** The outcome of a conditional write; the loser gets the row that won. */
export type PutResult<T> = { ok: true; row: Row<T> } | { ok: false; current: Row<T> | undefined }

/** One page of a list; pass `cursor` to go on, `undefined` means the end. */
export interface Page<T> {
  items: T[]
  cursor: string | undefined
}

/** Which rows of a partition, in which order. */
export interface ListQuery {
  /** at most this many rows */
  limit: number
  cursor?: string
  /** Sort keys that begin with this. */
  prefix?: string
  /** Sort keys from this one on, in the order asked for; not together with `prefix`. */
  from?: string
  /** Greatest sort key first. */
  descending?: boolean
  /** Rows whose `data` fields equal these. A page may be shorter than `limit` although more follow. */
  where?: Record<string, string | number | boolean>
}

/** A row that is due. */
export interface DueRow extends RowKey {
  /** ms since the epoch */
  at: number
}

/** A row whose time is over, as it was seen. */
export interface ExpiredRow extends RowKey {
  version: number
}

/**
 * Single-item conditional writes and nothing else: no transactions, no unconditional update, no scan.
 * Every implementation passes `test/contract/table.ts`.
 */
export interface Table {
  /** A strongly consistent read. */
  get<T>(key: RowKey, signal?: AbortSignal): Promise<Row<T> | undefined>
  /**
   * Writes the whole row if its stored version is `expected` (0: if there is no such row). A repeated
   * attempt of the same call recognises its own earlier success.
   */
  put<T>(row: RowDraft<T>, expected: number, signal?: AbortSignal): Promise<PutResult<T>>
  /** Removes the row if its version is `expected`; tells whether it did. */
  remove(key: RowKey, expected: number, signal?: AbortSignal): Promise<boolean>
  /** Rows of one partition in sort-key order. Strongly consistent. */
  list<T>(pk: string, query: ListQuery, signal?: AbortSignal): Promise<Page<Row<T>>>
  /** Up to `limit` rows of `queue` due at or before `until` (ms), earliest first. Eventually consistent: a hint. */
  due(queue: string, until: number, limit: number, signal?: AbortSignal): Promise<DueRow[]>
  /**
   * Up to `limit` rows whose `ttl` is `until` (s) or earlier, earliest first; absent where the store itself removes them.
   * Eventually consistent: a hint.
   */
  expired?(until: number, limit: number, signal?: AbortSignal): Promise<ExpiredRow[]>
}
