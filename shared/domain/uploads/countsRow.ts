/** The row that remembers how full an account's library is (docs/data-model.md). */
import * as z from 'zod'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'

/** The schema version that this code writes. */
export const COUNTS_SCHEMA_VERSION = 1

/** The parts of the library that have limits of their own; thumbs are images. */
export const LibraryShelf = z.enum(['image_and_news', 'voice', 'video'])

/** The parts of the library that have limits of their own. */
export type LibraryShelf = z.infer<typeof LibraryShelf>

const Full = z.object({ count: z.number(), at: z.number() })

/** What the row's `data` holds; times in ms since the epoch. */
export const CountsData = z.object({
  app_id: z.string(),
  image_and_news: z.number(),
  voice: z.number(),
  video: z.number(),
  counted_at: z.number(),
  /** How much was there when WeChat refused more: its own limit, whatever pages say. */
  full: z.partialRecord(LibraryShelf, Full).optional(),
})

/** The stored form of an account's counts. */
export type CountsData = z.infer<typeof CountsData>

const countsKey = (appId: string): RowKey => ({ pk: `LIB#${appId}`, sk: 'counts' })

/** Reads the counts of an account. */
export async function findCounts(
  table: Table,
  appId: string,
  signal?: AbortSignal,
): Promise<Row<CountsData> | undefined> {
  const row = await table.get<unknown>(countsKey(appId), signal)
  return row && { ...row, data: CountsData.parse(row.data) }
}

/** The row to write for `data`. */
export const countsRow = (data: CountsData): RowDraft<CountsData> => ({
  ...countsKey(data.app_id),
  schemaVersion: COUNTS_SCHEMA_VERSION,
  data,
})
