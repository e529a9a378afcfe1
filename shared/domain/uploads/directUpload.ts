/** Permanent uploads whose bytes came in the request itself. */
import type { Account } from '../../core/account.ts'
import { AppError, asAppError } from '../../core/errors.ts'
import { randomId, timeOrderedId } from '../../core/ids.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row, RowDraft } from '../../ports/table.ts'
import type { PermanentMaterial } from '../../ports/wechat.ts'
import type { DirectFile } from './checkForm.ts'
import { requireTitle } from './createUpload.ts'
import { hashOf } from './inspectObject.ts'
import { onItsWay } from './knownBytes.ts'
import { asRefusalOfRoom, requireRoom } from './libraryRoom.ts'
import { lookFor } from './lookFor.ts'
import { claimBytes, closeRejected, type Free, settledClaimant } from './sameBytes.ts'
import { sendToWeChat } from './sendToWeChat.ts'
import { settleClaim } from './settleClaim.ts'
import { rejected, reused, sending, stored, unknown, verdict } from './transitions.ts'
import type { UploadData, UploadRow } from './uploadRow.ts'

type DirectPorts = PortsOf<'table' | 'wechat'>

const CLAIM_ID_LENGTH = 16
/** Another sender of the same bytes is waited for so long. */
const WAIT_MS = 15_000
/** Kept for sending, in case the other one fails. */
const RESERVE_MS = 10_000

/** What a permanent upload carries beside its file. */
export interface Description {
  title?: string | undefined
  introduction?: string | undefined
}

/** What is uploaded and how. */
export interface DirectUpload {
  direct: DirectFile
  account: Account
  description: Description
  /** Although WeChat has the same bytes. */
  force: boolean
}

/** WeChat's answer, or what it answered for the same bytes before. */
export type DirectResult = PermanentMaterial & { upload_id: string; reused?: true }

/**
 * Sends a checked file as permanent material. Its row is written before the socket opens, so that an unclear outcome
 * can be settled later: then the error is `WECHAT_UNCLEAR` with `details.upload_id`. Throws `SAME_BYTES_UPLOADING` when
 * another upload of the same bytes does not end in time.
 */
export async function uploadDirectly(ports: DirectPorts, upload: DirectUpload, call: Call): Promise<DirectResult> {
  const { table, wechat, clock } = ports
  const { direct, account, description } = upload
  requireTitle({ type: direct.type, permanent: true, title: description.title })
  const data = await newUpload(ports, upload)
  let row: Row<UploadData> | undefined
  const take = async (free: Free): Promise<boolean> => {
    await requireRoom(ports, { account, type: direct.type, signal: call.signal })
    row = await claimed(ports, data, free, call.signal)
    return row !== undefined
  }
  const waitMs = Math.min(WAIT_MS, call.remaining() - RESERVE_MS)
  const found = await settledClaimant(ports, data, { call, waitMs, take })
  if (found.kind === 'stored') {
    const { media_id = '', url = '' } = found.holder
    const written = await table.put(reused(data, found.holder, clock.now()), 0)
    if (!written.ok) throw notRecorded()
    return { media_id, url, upload_id: data.upload_id, reused: true }
  }
  if (!row) throw found.kind === 'busy' ? onItsWay(found.holder) : notRecorded()
  const sent: UploadRow = row
  const material = await sendToWeChat(wechat, data, { open: direct.file.open, signal: call.signal }).catch(cause =>
    afterRefusal(ports, sent, { cause, signal: call.signal }),
  )
  await settle(ports, sent, present => stored(present, material, clock.now()))
  return { ...material, upload_id: data.upload_id }
}

async function newUpload(
  ports: DirectPorts,
  { direct: { type, file }, account, description, force }: DirectUpload,
): Promise<UploadData & { sha256: string }> {
  const now = ports.clock.now()
  return {
    upload_id: timeOrderedId(ports),
    app_id: account.app_id,
    state: 'CREATED',
    type,
    permanent: true,
    filename: file.filename,
    content_type: file.contentType,
    size: file.size,
    sha256: await hashOf(await file.open()),
    ...(force && { force }),
    ...(description.title !== undefined && { title: description.title }),
    ...(description.introduction !== undefined && { introduction: description.introduction }),
    attempts: 0,
    misses: 0,
    created_at: now,
    updated_at: now,
    expires_at: now,
  }
}

/** The upload's row first, for a claim on bytes must lead to one; `undefined` when somebody else has the bytes. */
async function claimed(
  ports: DirectPorts,
  data: UploadData & { sha256: string },
  free: Free,
  signal: AbortSignal,
): Promise<Row<UploadData> | undefined> {
  const { table, clock, random } = ports
  const written = await table.put(sending(data, { id: randomId(random, CLAIM_ID_LENGTH) }, clock.now()), 0, signal)
  if (!written.ok) throw notRecorded()
  const { row } = written
  const isOurs = await claimBytes(ports, data, free).catch(async cause => {
    const error = asAppError(cause)
    await settle(ports, row, present => rejected(present, error, clock.now()))
    throw error
  })
  if (isOurs) return row
  // Nothing was sent: it was never there.
  await table.remove(row, row.version)
  return undefined
}

const notRecorded = () => new AppError('WRITE_CONFLICT', 'The upload could not be recorded; try again.')

/** What WeChat took in spite of its answer; else records the failure and throws the error for the caller. */
async function afterRefusal(
  ports: DirectPorts,
  row: UploadRow,
  { cause, signal }: { cause: unknown; signal: AbortSignal },
): Promise<PermanentMaterial> {
  const { clock } = ports
  const error = await asRefusalOfRoom(ports, row.data, { error: asAppError(cause), signal })
  const looked = error.code === 'WECHAT_BUSY' ? await look(ports, row.data, signal) : { kind: 'absent' as const }
  if (looked.kind === 'found') return looked.material
  const unclear = verdict(error) === 'unclear'
  if (unclear || looked.kind === 'unreadable') {
    await settle(ports, row, present => unknown({ ...present, ...(!unclear && { unsure: true }) }, error, clock.now()))
  } else {
    await settle(ports, row, present => rejected(present, error, clock.now()))
    await closeRejected(ports, row.data)
  }
  if (!unclear) throw error
  ports.metrics.record('UploadUnclear', 1, { app_id: row.data.app_id, upload_id: row.data.upload_id })
  throw new AppError(
    'WECHAT_UNCLEAR',
    'WeChat may have accepted the file; its outcome is being looked up.',
    { upload_id: row.data.upload_id },
    { cause: error },
  )
}

type Looked = { kind: 'found'; material: PermanentMaterial } | { kind: 'absent' } | { kind: 'unreadable' }

/** "Busy" means not accepted; the list is read once all the same (reliability.md row 23). */
async function look(ports: DirectPorts, data: UploadData, signal: AbortSignal): Promise<Looked> {
  try {
    const found = await lookFor(ports, data, signal)
    if (found.kind === 'more') return { kind: 'unreadable' }
    return found.kind === 'found'
      ? { kind: 'found', material: { media_id: found.item.media_id, url: found.item.url ?? '' } }
      : found
  } catch (error) {
    ports.log.info('the list could not be read after "busy"', { upload_id: data.upload_id, error })
    return { kind: 'unreadable' }
  }
}

/** The caller gets WeChat's answer even when it cannot be written down: the sweeper finds it out by itself. */
async function settle(
  ports: PortsOf<'table'>,
  row: UploadRow,
  next: (data: UploadData) => RowDraft<UploadData>,
): Promise<void> {
  try {
    await settleClaim(ports, row, next)
  } catch (error) {
    ports.log.error('the outcome of a sending could not be recorded', { upload_id: row.data.upload_id, error })
  }
}
