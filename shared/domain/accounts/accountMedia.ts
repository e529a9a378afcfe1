/** How many temporary media WeChat drops soon, and how many of them would be lost. */
import type * as z from 'zod'
import type { PortsOf } from '../../core/ports.ts'
import type { AccountMedia } from '../../core/schemas/accounts.ts'
import { expiryPartition, expiryPosition, IndexData } from '../temporary/mediaIndex.ts'

const SOON_MS = 24 * 3_600_000
const PAGE = 100
/** Whoever has more is told so; the pages that they cost are bounded. */
const MAX_COUNTED = 1_000

/** Counts in the order of expiry, at most {@link MAX_COUNTED}; asks nothing of WeChat. */
export async function accountMedia(
  { table, clock }: PortsOf<'table'>,
  appId: string,
  signal: AbortSignal,
): Promise<z.infer<typeof AccountMedia>> {
  const from = expiryPosition(clock.now())
  const end = expiryPosition(clock.now() + SOON_MS)
  const states: string[] = []
  let cursor: string | undefined
  do {
    const query = { limit: PAGE, from, ...(cursor !== undefined && { cursor }) }
    const page = await table.list<unknown>(expiryPartition(appId), query, signal)
    const soon = page.items.filter(row => row.sk < end)
    states.push(...soon.map(row => IndexData.parse(row.data).state))
    cursor = soon.length < page.items.length ? undefined : page.cursor
  } while (cursor !== undefined && states.length < MAX_COUNTED)
  const uncopied = states.filter(state => state === 'PENDING').length
  const copied = states.filter(state => state === 'MIRRORED').length
  return { expiring: uncopied + copied, uncopied, more: cursor !== undefined }
}
