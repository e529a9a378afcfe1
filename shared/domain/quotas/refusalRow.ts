/** The rows of what WeChat refused lately (docs/data-model.md). */
import * as z from 'zod'
import { ErrorRecord } from '../../core/remoteAnswer.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'

/** The schema version that this code writes. */
export const REFUSAL_SCHEMA_VERSION = 1
/** The due-time queue of faults that may be mended by now. */
export const FAULT_QUEUE = 'fault'

/** The sort key of the last fault that the operator must mend; sorts before every endpoint. */
const FAULT = '!fault'
const DAY_S = 24 * 3600
/** There are fewer endpoints than this. */
const MAX_ROWS = 100

/** What the row's `data` holds; times in ms since the epoch. */
export const RefusalData = ErrorRecord.extend({
  app_id: z.string(),
  /** below /cgi-bin/ */
  endpoint: z.string(),
  at: z.number(),
  /** The end of a parked call; when a fault is tried again; when a fault that stops nothing is forgotten. */
  until: z.number(),
  /** Of a fault: the calls that it stops. Absent: a parked call, or a fault that stops none. */
  stops: z.enum(['account', 'call']).optional(),
  /** Of a fault of the token: since when calls have been refused for it. */
  since: z.number().optional(),
})

/** The stored form of a refusal. */
export type RefusalData = z.infer<typeof RefusalData>

/** A refusal with the version that the next write must name. */
export type RefusalRow = Row<RefusalData>

/** Where a parked call's row is, or that of a fault that stops one call. */
export const parkKey = (appId: string, endpoint: string): RowKey => ({ pk: `PARK#${appId}`, sk: endpoint })

/** Where the last fault of an account is. */
export const faultKey = (appId: string): RowKey => ({ pk: `PARK#${appId}`, sk: FAULT })

/** The row to write for `data`. */
export const refusalRow = (key: RowKey, data: RefusalData): RowDraft<RefusalData> => ({
  ...key,
  schemaVersion: REFUSAL_SCHEMA_VERSION,
  data,
  ...(data.stops === 'account' && { due: { queue: FAULT_QUEUE, at: data.until } }),
  ttl: Math.ceil(data.until / 1000) + DAY_S,
})

/** All refusals of an account, also those that are over. */
export async function listRefusals(table: Table, appId: string): Promise<RefusalRow[]> {
  const { items } = await table.list<unknown>(parkKey(appId, '').pk, { limit: MAX_ROWS })
  return items.map(row => ({ ...row, data: RefusalData.parse(row.data) }))
}

/** Whether it still counts at `now` (ms): a fault that stops calls does until a call goes well again, for a day at most. */
export const stands = ({ until, stops }: RefusalData, now: number): boolean =>
  until + (stops === undefined ? 0 : DAY_S * 1000) > now

/** Whether it keeps a call of `endpoint` from being made, now or until somebody has tried. */
export const concerns = ({ sk, data }: RefusalRow, endpoint: string): boolean =>
  sk === endpoint || data.stops === 'account'

/** What stands against an account at `now` (ms): the last fault, and the calls that are parked. */
export async function standingRefusals(
  table: Table,
  appId: string,
  now: number,
): Promise<{ fault: RefusalData | undefined; parked: RefusalData[] }> {
  const standing = (await listRefusals(table, appId)).filter(({ data }) => stands(data, now))
  return {
    fault: standing.find(({ sk, data }) => sk === FAULT || data.stops !== undefined)?.data,
    parked: standing.filter(({ sk, data }) => sk !== FAULT && data.stops === undefined).map(({ data }) => data),
  }
}

/** Forgets all of it: an operator acted. A row that changes at this very moment stays. */
export async function forgetRefusals(table: Table, appId: string): Promise<void> {
  const { items } = await table.list<unknown>(parkKey(appId, '').pk, { limit: MAX_ROWS })
  await Promise.all(items.map(row => table.remove(row, row.version)))
}
