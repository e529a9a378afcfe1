/** The row that says that a fan was erased: it ends what a request could not, and stops what was on its way. */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'
import { MAX_SKEW_MS } from '../tokens/clockSkew.ts'
import { LATE_RUNS_MS } from './eraseMedia.ts'
import { RETENTION_QUEUE } from './temporaryRow.ts'

const SCHEMA_VERSION = 1
const MAX_TRIES = 5
/** Messages from before an erasure may wait for as long as their media live at WeChat, and much longer is kept. */
const KEEP_S = 30 * 86_400

/** What the row's `data` holds. */
export const ErasureData = z.object({
  app_id: z.string(),
  openid_hash: z.string(),
  /** ms since the epoch */
  at: z.number(),
})

/** The stored form of an erasure; times in ms since the epoch. */
export type ErasureData = z.infer<typeof ErasureData>

/** A fan by the account's keyed hash. */
export interface HashedFan {
  appId: string
  openidHash: string
}

/** Whether a row key is that of an erasure. */
export const isErasureKey = ({ pk }: RowKey): boolean => pk.startsWith('ERASE#')

const erasureKey = ({ appId, openidHash }: HashedFan): RowKey => ({ pk: `ERASE#${appId}`, sk: openidHash })

/** `again`: it is gone through once more, when late runs have ended. */
function erasureRow(data: ErasureData, again: boolean): RowDraft<ErasureData> {
  const { app_id: appId, openid_hash: openidHash, at } = data
  return {
    ...erasureKey({ appId, openidHash }),
    schemaVersion: SCHEMA_VERSION,
    data,
    ...(again && { due: { queue: RETENTION_QUEUE, at: at + LATE_RUNS_MS } }),
    ttl: Math.ceil(at / 1000) + KEEP_S,
  }
}

/** Reads the erasure at `key`. */
export async function findErasure(
  table: Table,
  key: RowKey,
  signal?: AbortSignal,
): Promise<Row<ErasureData> | undefined> {
  const row = await table.get<unknown>(key, signal)
  return row && { ...row, data: ErasureData.parse(row.data) }
}

/** Writes down that a fan is erased from now on. Throws `WRITE_CONFLICT` when others write all the time. */
export async function beginErasure(
  { table, clock }: PortsOf<'table'>,
  fan: HashedFan,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await findErasure(table, erasureKey(fan), signal)
    const at = Math.max(before?.data.at ?? 0, clock.now())
    const data = { app_id: fan.appId, openid_hash: fan.openidHash, at }
    if ((await table.put(erasureRow(data, true), before?.version ?? 0, signal)).ok) return
  }
  throw new AppError('WRITE_CONFLICT', 'The fan is being erased by others; try again.')
}

/** Nothing of it is due any more. */
export async function endErasure(table: Table, row: Row<ErasureData>, signal: AbortSignal): Promise<void> {
  await table.put(erasureRow(row.data, false), row.version, signal)
}

/**
 * Whether an erasure took what WeChat got at `sentAt` (ms). Our clock may be slow: what came up to five minutes after the
 * erasure counts as before it.
 */
export const isTaken = ({ at }: ErasureData, sentAt: number): boolean => sentAt <= at + MAX_SKEW_MS

/** Whether what a fan sent at `sentAt` (WeChat's time, ms) was erased. Throws what the `Table` port throws. */
export async function isErased(
  table: Table,
  fan: HashedFan,
  { sentAt, signal }: { sentAt: number; signal: AbortSignal },
): Promise<boolean> {
  const erasure = await findErasure(table, erasureKey(fan), signal)
  return erasure !== undefined && isTaken(erasure.data, sentAt)
}
