/** Before a posted object is sent: does WeChat have these bytes, or does another upload bring them just now? */
import { AppError, asAppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { OpenObject } from '../../ports/objectStore.ts'
import type { RowDraft } from '../../ports/table.ts'
import { hashOf } from './inspectObject.ts'
import { tellsLater } from './isAtWeChat.ts'
import { claimBytes, type Free, settledClaimant } from './sameBytes.ts'
import { OUTAGE_PARK_MS, reused, SAME_BYTES_PARK_MS, waiting } from './transitions.ts'
import type { UploadData } from './uploadRow.ts'

/** What is to be done: send them, write `next` and nothing else, or refuse them. */
export type KnownBytes =
  | { kind: 'send'; sha256: string }
  | { kind: 'settled'; next: RowDraft<UploadData> }
  | { kind: 'refused'; error: AppError }

/** Another sender is waited for so long within the run; it is often done by then. */
const WAIT_MS = 8_000
/** Kept for sending, in case the other one fails. */
const RESERVE_MS = 20_000

/**
 * Claims the bytes for this upload, or says what another upload means for it. Bytes of no known SHA-256 are read
 * through once for it. Throws what the stores throw, and `AppError('OUT_OF_TIME')`.
 */
export async function knownBytes(
  ports: PortsOf<'table' | 'wechat'>,
  { data, object, call }: { data: UploadData; object: OpenObject; call: Call },
): Promise<KnownBytes> {
  const { clock } = ports
  const sha256 = data.sha256 ?? (await hashOf(object.body))
  const bytes = { etag: object.etag, sha256 }
  try {
    const upload = { ...data, sha256 }
    const waitMs = Math.min(WAIT_MS, call.remaining() - RESERVE_MS)
    const take = (free: Free) => claimBytes(ports, upload, free)
    const found = await settledClaimant(ports, upload, { call, waitMs, take })
    if (found.kind === 'ours') return { kind: 'send', sha256 }
    if (found.kind === 'busy') {
      const until = Math.max(clock.now(), found.holder.parked_until ?? 0) + SAME_BYTES_PARK_MS
      return { kind: 'settled', next: waiting(data, bytes, { error: onItsWay(found.holder), now: clock.now(), until }) }
    }
    // Nothing was streamed that would have shown other bytes than the declared ones.
    const real = object.body.readableEnded ? sha256 : await hashOf(object.body)
    return real === sha256
      ? { kind: 'settled', next: reused({ ...data, ...bytes }, found.holder, clock.now()) }
      : { kind: 'refused', error: new AppError('FILE_CONTENT_MISMATCH', 'The file has another SHA-256 than declared.') }
  } catch (cause) {
    const error = asAppError(cause)
    const isLater = error.code === 'WRITE_CONFLICT' || (error.code !== 'OUT_OF_TIME' && tellsLater(error))
    if (!isLater) throw error
    const now = clock.now()
    const until = now + Math.max(OUTAGE_PARK_MS, (error.retryAfter ?? 0) * 1000)
    return { kind: 'settled', next: waiting(data, bytes, { error, now, until }) }
  }
}

/** Why an upload waits for another one. */
export const onItsWay = ({ upload_id }: UploadData): AppError =>
  new AppError(
    'SAME_BYTES_UPLOADING',
    'Another upload of the same bytes is on its way; its media_id will be given.',
    { other_upload_id: upload_id },
    { retryAfter: SAME_BYTES_PARK_MS / 1000 },
  )
