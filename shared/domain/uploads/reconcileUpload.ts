/** Settles an upload whose outcome is unclear by reading WeChat's own list, never by sending again blindly. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { MaterialItem, WeChat } from '../../ports/wechat.ts'
import { carriesStamp } from './sendToWeChat.ts'
import {
  lookAgain,
  MAX_ATTEMPTS,
  MISSES_UNTIL_ABSENT,
  missed,
  RECONCILE_PAUSE_MS,
  rejected,
  stored,
} from './transitions.ts'
import type { UploadData, UploadRow, UploadState } from './uploadRow.ts'

/** What reconciling needs. */
export type ReconcilePorts = PortsOf<'table' | 'wechat'>

const PAGE = 20
/** 2,000 newer items in the minutes since: beyond that the list counts as unreadable. */
const MAX_PAGES = 100
/** The clocks of WeChat and ours may differ this much. */
const SKEW_MS = 10 * 60_000

/** Reads the list once and writes what follows; answers the new state, `undefined` when another one was faster. */
export async function reconcileUpload(
  ports: ReconcilePorts,
  row: UploadRow,
  signal: AbortSignal,
): Promise<UploadState | undefined> {
  const { table, wechat, clock, log } = ports
  const next = await lookFor(wechat, row.data, signal).then(
    found =>
      found
        ? stored(row.data, { media_id: found.media_id, url: found.url ?? '' }, clock.now())
        : absent(row.data, clock.now()),
    error => {
      log.warn('the list could not be read to reconcile', { upload_id: row.data.upload_id, error })
      return lookAgain(row.data, clock.now() + RECONCILE_PAUSE_MS)
    },
  )
  const written = await table.put(next, row.version)
  return written.ok ? next.data.state : undefined
}

/**
 * Surely absent after enough reads. A direct upload has no bytes here to send again, its caller has them; a file that
 * spoils every answer goes to the failure inbox instead of round and round.
 */
function absent(data: UploadData, now: number): ReturnType<typeof missed> {
  if (data.misses + 1 < MISSES_UNTIL_ABSENT) return missed(data, now)
  if (data.object_key === undefined) {
    return rejected(data, new AppError('WECHAT_UNREACHABLE', 'WeChat did not take the file; send it again.'), now)
  }
  if (data.attempts >= MAX_ATTEMPTS) {
    const message = `WeChat gave no clear answer ${data.attempts} times and did not take the file.`
    return rejected(data, new AppError('WECHAT_UNCLEAR', message), now)
  }
  return missed(data, now)
}

/** Newest first, down to ten minutes before the sending began. Throws when the list is too long or unreadable. */
async function lookFor(wechat: WeChat, data: UploadData, signal: AbortSignal): Promise<MaterialItem | undefined> {
  const type = data.type === 'thumb' ? 'image' : data.type
  const oldest = ((data.claim?.started_at ?? data.created_at) - SKEW_MS) / 1000
  for (let page = 0; page < MAX_PAGES; page++) {
    const { item } = await wechat.material(data.app_id).list(type, page * PAGE, PAGE, signal)
    const found = item.find(({ name }) => carriesStamp(name, data.upload_id))
    if (found) return found
    if (item.length < PAGE || item.every(({ update_time }) => update_time < oldest)) return undefined
  }
  throw new AppError('WECHAT_UNCLEAR', 'The list is too long to reconcile with.')
}
