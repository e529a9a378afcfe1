/** Settles an upload whose outcome is unclear by reading WeChat's own list, never by sending again blindly. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import { recordedError } from '../../core/remoteAnswer.ts'
import type { RowDraft } from '../../ports/table.ts'
import { type Found, lookFor } from './lookFor.ts'
import { closeRejected } from './sameBytes.ts'
import {
  compared,
  isLastLook,
  lookAgain,
  MAX_ATTEMPTS,
  missed,
  RECONCILE_PAUSE_MS,
  rejected,
  stored,
} from './transitions.ts'
import type { UploadData, UploadRow, UploadState } from './uploadRow.ts'

/** What reconciling needs. */
export type ReconcilePorts = PortsOf<'table' | 'wechat'>

/** Reads the list once and writes what follows; answers the new state, `undefined` when another one was faster. */
export async function reconcileUpload(
  ports: ReconcilePorts,
  row: UploadRow,
  signal: AbortSignal,
): Promise<UploadState | undefined> {
  const { table, clock, log } = ports
  const next = await lookFor(ports, row.data, signal).then(
    found => after(row.data, found, clock.now()),
    error => {
      log.warn('the list could not be read to reconcile', { upload_id: row.data.upload_id, error })
      return lookAgain(row.data, clock.now() + RECONCILE_PAUSE_MS)
    },
  )
  const written = await table.put(next, row.version)
  if (written.ok && next.data.state === 'REJECTED') await closeRejected(ports, row.data)
  return written.ok ? next.data.state : undefined
}

function after(data: UploadData, found: Found, now: number): RowDraft<UploadData> {
  switch (found.kind) {
    case 'found':
      return stored(data, { media_id: found.item.media_id, url: found.item.url ?? '' }, now)
    case 'more':
      return compared(data, found.ruledOut, now)
    default:
      return absent(data, now)
  }
}

/**
 * Surely absent after enough reads. A direct upload has no bytes here to send again, its caller has them; a file that
 * spoils every answer goes to the failure inbox instead of round and round.
 */
function absent(data: UploadData, now: number): RowDraft<UploadData> {
  if (!isLastLook(data)) return missed(data, now)
  if (data.object_key === undefined) {
    return rejected(data, new AppError('WECHAT_UNREACHABLE', 'WeChat did not take the file; send it again.'), now)
  }
  if (data.attempts >= MAX_ATTEMPTS) {
    const message = `WeChat gave no clear answer ${data.attempts} times and did not take the file.`
    const error = data.unsure && data.error ? recordedError({ details: {}, ...data.error }) : undefined
    return rejected(data, error ?? new AppError('WECHAT_UNCLEAR', message), now)
  }
  return missed(data, now)
}
