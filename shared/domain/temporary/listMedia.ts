/** Lists tracked media: what WeChat still has, soonest end first, then what it dropped, latest first. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Page } from '../../ports/table.ts'
import { expiryKey, expiryPartition, expiryPosition, IndexData } from './mediaIndex.ts'
import { findTemporary, type TemporaryData } from './temporaryRow.ts'

/** Which media. */
export interface MediaQuery {
  appId: string
  source: TemporaryData['source'] | undefined
  state: TemporaryData['state'] | undefined
  limit: number
  cursor: string | undefined
}

/** Where a list stands. */
interface Position {
  isPast: boolean
  /** What was the present when the list began, ms: all its pages part past and future there. */
  anchor: number
  cursor: string | undefined
}

/** A page may be shorter than `limit` although more follow. Throws `AppError('INVALID_REQUEST')` for a foreign cursor. */
export async function listMedia(
  { table, clock }: PortsOf<'table'>,
  { cursor, ...query }: MediaQuery,
  signal: AbortSignal,
): Promise<Page<TemporaryData>> {
  const items: TemporaryData[] = []
  let next: Position | undefined = parsed(cursor) ?? { isPast: false, anchor: clock.now(), cursor: undefined }
  // Once for the future, once more where the page has room for the past.
  for (let steps = 0; next && steps < 2 && items.length < query.limit; steps++) {
    const { isPast, anchor, cursor: from }: Position = next
    const page = await table.list<unknown>(
      expiryPartition(query.appId),
      {
        limit: query.limit - items.length,
        from: expiryPosition(anchor),
        descending: isPast,
        ...(from !== undefined && { cursor: from }),
        where: { ...(query.source && { source: query.source }), ...(query.state && { state: query.state }) },
      },
      signal,
    )
    const found = await Promise.all(page.items.map(({ sk, data }) => mediaAt({ table }, sk, { data, query, signal })))
    items.push(...found.flatMap(data => data ?? []))
    if (page.cursor !== undefined) {
      next = { isPast, anchor, cursor: page.cursor }
      break
    }
    next = isPast ? undefined : { isPast: true, anchor, cursor: undefined }
  }
  return { items, cursor: next && [next.isPast ? 'past' : 'next', next.anchor, next.cursor ?? ''].join('.') }
}

/** The media of an entry, unless its own row says that it belongs elsewhere. */
async function mediaAt(
  { table }: Pick<PortsOf<'table'>, 'table'>,
  sk: string,
  { data: entry, query, signal }: { data: unknown; query: Omit<MediaQuery, 'cursor'>; signal: AbortSignal },
): Promise<TemporaryData | undefined> {
  const { app_id: appId, media_id: mediaId } = IndexData.parse(entry)
  const data = (await findTemporary(table, { appId, mediaId }, signal))?.data
  if (!data || expiryKey(data).sk !== sk) return undefined
  const fits = data.source === (query.source ?? data.source) && data.state === (query.state ?? data.state)
  return fits ? data : undefined
}

function parsed(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined
  const [, phase, anchor, rest] = /^(next|past)\.(\d{1,15})\.([\w-]*)$/.exec(cursor) ?? []
  if (phase === undefined) {
    throw new AppError('INVALID_REQUEST', 'The cursor does not belong to this list.', {
      issues: [{ path: 'cursor', message: 'is not one that this list answered' }],
    })
  }
  return { isPast: phase === 'past', anchor: Number(anchor), cursor: rest || undefined }
}
