/** The rows of what WeChat refused lately (docs/data-model.md). */
import * as z from 'zod'
import { ErrorRecord } from '../../core/remoteAnswer.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'

/** The schema version that this code writes. */
export const REFUSAL_SCHEMA_VERSION = 1

/** The sort key of the last fault that the operator must mend; sorts before every endpoint. */
const FAULT = '!fault'
const KEEP_S = 24 * 3600
/** There are fewer endpoints than this. */
const MAX_ROWS = 100

/** What the row's `data` holds; times in ms since the epoch. */
export const RefusalData = ErrorRecord.extend({
  app_id: z.string(),
  /** below /cgi-bin/ */
  endpoint: z.string(),
  at: z.number(),
  /** The end of what it says: of a parked call, or of a fault that nobody saw again. */
  until: z.number(),
})

/** The stored form of a refusal. */
export type RefusalData = z.infer<typeof RefusalData>

/** Where a parked call's row is. */
export const parkKey = (appId: string, endpoint: string): RowKey => ({ pk: `PARK#${appId}`, sk: endpoint })

/** Where the last fault of an account is. */
export const faultKey = (appId: string): RowKey => ({ pk: `PARK#${appId}`, sk: FAULT })

/** The row to write for `data`. */
export const refusalRow = (key: RowKey, data: RefusalData): RowDraft<RefusalData> => ({
  ...key,
  schemaVersion: REFUSAL_SCHEMA_VERSION,
  data,
  ttl: Math.ceil(data.until / 1000) + KEEP_S,
})

/** Reads one refusal. */
export async function findRefusal(table: Table, key: RowKey): Promise<Row<RefusalData> | undefined> {
  const row = await table.get<unknown>(key)
  return row && { ...row, data: RefusalData.parse(row.data) }
}

/** What stands against an account at `now` (ms): the last fault, and the calls that are parked. */
export async function standingRefusals(
  table: Table,
  appId: string,
  now: number,
): Promise<{ fault: RefusalData | undefined; parked: RefusalData[] }> {
  const { items } = await table.list<unknown>(parkKey(appId, '').pk, { limit: MAX_ROWS })
  const standing = items
    .map(row => ({ sk: row.sk, data: RefusalData.parse(row.data) }))
    .filter(row => row.data.until > now)
  return {
    fault: standing.find(({ sk }) => sk === FAULT)?.data,
    parked: standing.filter(({ sk }) => sk !== FAULT).map(({ data }) => data),
  }
}

/** Forgets all of it: an operator acted. A row that changes at this very moment stays. */
export async function forgetRefusals(table: Table, appId: string): Promise<void> {
  const { items } = await table.list<unknown>(parkKey(appId, '').pk, { limit: MAX_ROWS })
  await Promise.all(items.map(row => table.remove(row, row.version)))
}
