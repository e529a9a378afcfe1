/** Refuses what the library has no room for before a byte travels, and learns from WeChat where its limit is. */
import { type Account, readAccount } from '../../core/account.ts'
import { AppError, asAppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row } from '../../ports/table.ts'
import type { MediaType } from '../../ports/wechat.ts'
import { type CountsData, countsRow, findCounts, type LibraryShelf } from './countsRow.ts'
import { libraryLimits } from './libraryLimits.ts'
import { soon } from './soon.ts'
import type { UploadData } from './uploadRow.ts'

type RoomPorts = PortsOf<'table' | 'wechat'>

/** With less room than this the counts are read again each time. */
const NEAR = 20
/** Else they are believed for as long as nobody can have filled the room, at ten uploads a second; an hour at most. */
const FILL_MS = 100
const BELIEVE_MS = 3_600_000
/** So long WeChat's refusal counts more than a limit that some page names. */
const FULL_MS = 24 * 3_600_000
/** Nobody waits longer for the counts: an upload that cannot be refused now is refused by WeChat. */
const COUNT_MS = 3_000

/** Throws `AppError('LIBRARY_FULL')`; a library that cannot be counted counts as one with room. */
export async function requireRoom(
  ports: RoomPorts,
  { account, type, signal }: { account: Account; type: MediaType; signal: AbortSignal },
): Promise<void> {
  const shelf = shelfOf(type)
  const counts = await knownCounts(ports, { account, shelf, signal })
  if (!counts) return
  const limit = ceiling(counts, account, { shelf, now: ports.clock.now() })
  const count = counts[shelf]
  if (count < limit) return
  const message = 'The material library is full; delete material that is not needed any more.'
  throw new AppError('LIBRARY_FULL', message, { library: shelf, count, limit })
}

/**
 * What a refused sending really means. `LIBRARY_FULL` is remembered, and an errcode that nobody knows counts as such when
 * the library is nearly full, for WeChat does not document the one of its limit (reliability.md row 24). Never throws.
 */
export async function asRefusalOfRoom(
  ports: RoomPorts,
  { app_id, type, permanent }: UploadData,
  { error, signal }: { error: AppError; signal: AbortSignal },
): Promise<AppError> {
  const isFull = error.code === 'LIBRARY_FULL'
  if (!permanent || !(isFull || error.details['unknown_errcode'] === true)) return error
  try {
    const account = await readAccount(ports.table, app_id, signal)
    const row = await findCounts(ports.table, app_id, signal)
    const counts = await recount(ports, { account, row, signal })
    const shelf = shelfOf(type)
    const now = ports.clock.now()
    if (!counts || (!isFull && ceiling(counts, account, { shelf, now }) - counts[shelf] > NEAR)) return error
    const full = { ...counts.full, [shelf]: { count: counts[shelf], at: now } }
    const present = await findCounts(ports.table, app_id, signal)
    await ports.table.put(countsRow({ ...counts, full }), present?.version ?? 0, signal)
    const { wechat } = error
    return isFull ? error : new AppError('LIBRARY_FULL', error.message, {}, { cause: error, ...(wechat && { wechat }) })
  } catch (cause) {
    ports.log.info('it is not known whether the library is full', { app_id, error: asAppError(cause) })
    return error
  }
}

const shelfOf = (type: MediaType): LibraryShelf => (type === 'voice' || type === 'video' ? type : 'image_and_news')

/** The account's limit, or less when WeChat refused at less lately. */
function ceiling({ full }: CountsData, account: Account, { shelf, now }: { shelf: LibraryShelf; now: number }): number {
  const limit = libraryLimits(account)[shelf]
  const refused = full?.[shelf]
  return refused && now - refused.at < FULL_MS ? Math.min(limit, refused.count) : limit
}

async function knownCounts(
  ports: RoomPorts,
  { account, shelf, signal }: { account: Account; shelf: LibraryShelf; signal: AbortSignal },
): Promise<CountsData | undefined> {
  const row = await findCounts(ports.table, account.app_id, signal)
  if (row) {
    const now = ports.clock.now()
    const room = ceiling(row.data, account, { shelf, now }) - row.data[shelf]
    const believed = room <= NEAR ? 0 : Math.min(BELIEVE_MS, room * FILL_MS)
    if (now - row.data.counted_at < believed) return row.data
  }
  return (await recount(ports, { account, row, signal })) ?? row?.data
}

/** Asks WeChat and writes down what it says; `undefined` when it does not say it soon. */
async function recount(
  { table, wechat, clock, log }: RoomPorts,
  { account: { app_id }, row, signal }: { account: Account; row: Row<CountsData> | undefined; signal: AbortSignal },
): Promise<CountsData | undefined> {
  try {
    const counted = await soon(clock, { ms: COUNT_MS, signal }, either => wechat.material(app_id).count(either))
    if (!counted) return undefined
    const { image_count, news_count, voice_count, video_count } = counted
    const data: CountsData = {
      app_id,
      image_and_news: image_count + news_count,
      voice: voice_count,
      video: video_count,
      counted_at: clock.now(),
      ...(row?.data.full && { full: row.data.full }),
    }
    await table.put(countsRow(data), row?.version ?? 0, signal)
    return data
  } catch (error) {
    log.info('the library could not be counted', { app_id, error })
    return undefined
  }
}
