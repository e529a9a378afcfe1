/** Streams a posted object on to WeChat. Called by any trigger, any number of times: only one claim wins. */
import type { Readable } from 'node:stream'
import { AppError, asAppError } from '../../core/errors.ts'
import { randomId } from '../../core/ids.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { OpenObject } from '../../ports/objectStore.ts'
import type { RowDraft } from '../../ports/table.ts'
import { trackForwarded } from '../temporary/trackUpload.ts'
import { inspectObject } from './inspectObject.ts'
import { type KnownBytes, knownBytes } from './knownBytes.ts'
import { asRefusalOfRoom } from './libraryRoom.ts'
import { closeRejected } from './sameBytes.ts'
import { sendToWeChat } from './sendToWeChat.ts'
import { settleClaim } from './settleClaim.ts'
import { afterFailure, begun, isSuspect, rejected, sending, stored, unread } from './transitions.ts'
import { findUpload, type UploadData, type UploadRow, type UploadState } from './uploadRow.ts'

/** What forwarding needs. */
export type ForwardPorts = PortsOf<'table' | 'objects' | 'wechat'>

/** Names an upload whose object may be ready. */
export interface UploadHint {
  appId: string
  uploadId: string
}

/** Below this a sending is not begun: it could not end in time (reliability.md law 5). */
export const MIN_REMAINING_MS = 10_000
const CLAIM_ID_LENGTH = 16
const SENDABLE: ReadonlySet<UploadState> = new Set(['CREATED', 'UPLOADED', 'PARKED'])

/**
 * Forwards an upload if it is ready and nobody else does; answers the state it left, `undefined` when there was
 * nothing to do. Throws `AppError('OUT_OF_TIME')` before the claim when too little time is left, and what the stores throw.
 */
export async function forwardUpload(
  ports: ForwardPorts,
  hint: UploadHint,
  call: Call,
): Promise<UploadState | undefined> {
  const { table, clock, log } = ports
  const found = await findUpload(table, { ...hint, signal: call.signal })
  if (!found || !isSendable(found.data, clock.now())) {
    log.debug('nothing to forward', { ...hint, state: found?.data.state })
    return undefined
  }
  if (call.remaining() < MIN_REMAINING_MS)
    throw new AppError('OUT_OF_TIME', 'Too little time is left to send the file.')
  const row = isSuspect(found.data) ? await begin(ports, found) : found
  if (!row) return undefined

  let object: OpenObject | undefined
  let known: KnownBytes
  try {
    const opened = await openObject(ports, row, call.signal)
    if (opened instanceof AppError) return await reject(ports, row, opened)
    if (!opened) return undefined
    object = opened
    const refusal = await inspectObject(object, row.data)
    known = refusal ? { kind: 'refused', error: refusal } : await knownBytes(ports, { data: row.data, object, call })
  } catch (cause) {
    object?.body.destroy()
    return await setBack(ports, row, { etag: object?.etag, cause, signal: call.signal })
  }
  try {
    return await proceed(ports, row, { object, known, call })
  } finally {
    object.body.destroy()
  }
}

/** Leaves a trace of this run; `undefined` when another one was faster. */
async function begin({ table, clock }: ForwardPorts, row: UploadRow): Promise<UploadRow | undefined> {
  const written = await table.put(begun(row.data, clock.now()), row.version)
  return written.ok ? written.row : undefined
}

async function proceed(
  ports: ForwardPorts,
  row: UploadRow,
  { object, known, call }: { object: OpenObject; known: KnownBytes; call: Call },
): Promise<UploadState | undefined> {
  const { table, clock, random, log } = ports
  if (known.kind === 'refused') return reject(ports, row, known.error)
  if (known.kind === 'settled') {
    const settled = await table.put(known.next, row.version)
    if (settled.ok && known.next.data.state === 'STORED') await removeObject(ports, row.data)
    return settled.ok ? known.next.data.state : undefined
  }
  const claim = { id: randomId(random, CLAIM_ID_LENGTH), etag: object.etag, sha256: known.sha256 }
  const claimed = await table.put(sending(row.data, claim, clock.now()), row.version)
  if (claimed.ok) return send(ports, claimed.row, { object, call })
  log.info('another sender has the upload', { app_id: row.data.app_id, upload_id: row.data.upload_id })
  return undefined
}

/** Writes down that nothing could be begun, and why. An upload whose bytes were never seen waits for the next hint. */
async function setBack(
  { table, clock, log }: ForwardPorts,
  row: UploadRow,
  { etag, cause, signal }: { etag: string | undefined; cause: unknown; signal: AbortSignal },
): Promise<UploadState | undefined> {
  if (etag === undefined && row.data.state === 'CREATED') throw cause
  const { app_id, upload_id } = row.data
  log.warn('a posted object could not be begun', { app_id, upload_id, error: cause })
  const error = signal.aborted ? new AppError('OUT_OF_TIME', 'The bytes could not be read in time.') : asAppError(cause)
  const data = { ...row.data, ...(etag !== undefined && { etag }) }
  const written = await table.put(unread(data, error, clock.now()), row.version)
  return written.ok ? written.row.data.state : undefined
}

const isSendable = (data: UploadData, now: number): boolean =>
  data.object_key !== undefined &&
  SENDABLE.has(data.state) &&
  !data.unsure &&
  (data.state !== 'PARKED' || (data.parked_until ?? 0) <= now)

/** The object; `undefined` when it has not come yet; an error when the bytes that were seen are gone or changed. */
async function openObject(
  { objects }: ForwardPorts,
  { data }: UploadRow,
  signal: AbortSignal,
): Promise<OpenObject | AppError | undefined> {
  try {
    const object = await objects.read(data.object_key ?? '', {
      signal,
      ...(data.etag !== undefined && { etag: data.etag }),
    })
    // While nobody reads, an error of the stream would end the process; whoever reads on gets it all the same.
    object?.body.on('error', () => undefined)
    if (object || data.state === 'CREATED') return object
    return new AppError('OBJECT_MISSING', 'The posted bytes are gone.')
  } catch (cause) {
    const error = asAppError(cause)
    if (error.code === 'OBJECT_CHANGED') return error
    throw error
  }
}

async function reject(ports: ForwardPorts, row: UploadRow, error: AppError): Promise<UploadState | undefined> {
  const written = await ports.table.put(rejected(row.data, error, ports.clock.now()), row.version)
  if (!written.ok) return undefined
  await closeRejected(ports, row.data)
  await removeObject(ports, row.data)
  return 'REJECTED'
}

async function send(
  ports: ForwardPorts,
  row: UploadRow,
  { object, call }: { object: OpenObject; call: Call },
): Promise<UploadState | undefined> {
  const { objects, wechat, clock, log, metrics } = ports
  // What was hashed is read already.
  let opened: Readable | undefined = object.body.readableEnded ? undefined : object.body
  const open = async (): Promise<Readable> => {
    const first = opened
    opened = undefined
    if (first) return first
    const again = await objects.read(object.key, { etag: object.etag, signal: call.signal })
    if (!again) throw new AppError('OBJECT_MISSING', 'The posted bytes are gone.')
    return again.body
  }
  const { app_id, upload_id } = row.data
  let next: (data: UploadData) => RowDraft<UploadData>
  try {
    const material = await sendToWeChat(wechat, row.data, { open, signal: call.signal })
    if (!row.data.permanent) await trackForwarded(ports, row.data, material.media_id)
    next = data => stored(data, material, clock.now())
  } catch (cause) {
    log.warn('sending to WeChat failed', { app_id, upload_id, error: cause })
    const error = await asRefusalOfRoom(ports, row.data, { error: asAppError(cause), signal: call.signal })
    next = data => afterFailure(data, error, clock.now())
  } finally {
    object.body.destroy()
  }
  // Outside the try: a table that fails now must leave SENDING behind, never a second sending.
  const state = await settleClaim(ports, row, next)
  // What became temporary media is copied first, and removed by the mirror.
  if (state === 'STORED' && row.data.permanent) await removeObject(ports, row.data)
  if (state === 'REJECTED') await closeRejected(ports, row.data)
  if (state === 'UNKNOWN') metrics.record('UploadUnclear', 1, { app_id, upload_id })
  return state
}

/** The posted bytes have done their work; the bucket's lifecycle removes what this misses. */
async function removeObject({ objects, log }: ForwardPorts, data: UploadData): Promise<void> {
  try {
    await objects.remove(data.object_key ?? '')
  } catch (error) {
    log.warn('a posted object could not be removed', { upload_id: data.upload_id, error })
  }
}
