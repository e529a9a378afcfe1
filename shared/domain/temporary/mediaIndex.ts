/**
 * Rows that find media in another order than by their id: by expiry, and by fan. They are written before the media's own
 * row, and count only where that row agrees: whatever a crash leaves behind is never shown.
 */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { MediaSource, MirrorState } from '../../core/schemas/temporary.ts'
import type { RowDraft, RowKey, Table } from '../../ports/table.ts'
import { type TemporaryData, ttlOf } from './temporaryRow.ts'

const SCHEMA_VERSION = 1
const TIME_DIGITS = 13
const MAX_TRIES = 5

/** What a row of either order holds: what lists filter by. */
export const IndexData = z.object({
  app_id: z.string(),
  media_id: z.string(),
  source: MediaSource,
  state: MirrorState,
})

/** What a row of either order holds. */
type IndexData = z.infer<typeof IndexData>

/** The partition of an account's media by expiry. */
export const expiryPartition = (appId: string): string => `MEDX#${appId}`

/** The sort key at which media that expire at `at` (ms) begin. */
export const expiryPosition = (at: number): string => String(at).padStart(TIME_DIGITS, '0')

/** Where a media stands in the order of expiry. */
export const expiryKey = ({ app_id, media_id, expires_at }: TemporaryData): RowKey => ({
  pk: expiryPartition(app_id),
  sk: `${expiryPosition(expires_at)}#${media_id}`,
})

/** The partition of one fan's media. */
export const fanPartition = (appId: string, openidHash: string): string => `MEDF#${appId}#${openidHash}`

/** Writes a media's places in both orders, as `data` says; to be awaited before its own row is written. */
export async function indexMedia(table: Table, data: TemporaryData, signal?: AbortSignal): Promise<void> {
  const { app_id, media_id, source, state } = data
  const entry: IndexData = { app_id, media_id, source, state }
  const ttl = ttlOf(data)
  const rows = placesOf(data).map(key => ({ ...key, schemaVersion: SCHEMA_VERSION, data: entry, ...ttl }))
  await Promise.all(rows.map(row => place(table, row, signal)))
}

/** Takes a media out of both orders; to be awaited before its own row goes. */
export async function removeFromIndex(table: Table, data: TemporaryData, signal?: AbortSignal): Promise<void> {
  await Promise.all(placesOf(data).map(key => removeRow(table, key, signal)))
}

/** Takes a media away from a place in the order of expiry that is not its own any more. */
export const leaveExpiry = (table: Table, data: TemporaryData, signal?: AbortSignal): Promise<void> =>
  removeRow(table, expiryKey(data), signal)

async function removeRow(table: Table, key: RowKey, signal: AbortSignal | undefined): Promise<void> {
  const row = await table.get(key, signal)
  if (row) await table.remove(row, row.version, signal)
}

function placesOf(data: TemporaryData): RowKey[] {
  const { app_id, media_id, openid_hash } = data
  if (openid_hash === undefined) return [expiryKey(data)]
  return [expiryKey(data), { pk: fanPartition(app_id, openid_hash), sk: media_id }]
}

async function place(table: Table, draft: RowDraft<IndexData>, signal: AbortSignal | undefined): Promise<void> {
  let expected = 0
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const written = await table.put<unknown>(draft, expected, signal)
    if (written.ok) return
    if (written.current && IndexData.parse(written.current.data).state === draft.data.state) return
    expected = written.current?.version ?? 0
  }
  throw new AppError('WRITE_CONFLICT', 'The media is being changed by others; try again.')
}
