/** The same bytes get the same media_id: one upload claims them, all others wait for it or take what it stored. */
import { AppError, asAppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row, RowDraft } from '../../ports/table.ts'
import { findHash, type HashData, hashRow, type SameParts } from './hashRow.ts'
import { isAtWeChat } from './isAtWeChat.ts'
import { reinstated, retired } from './transitions.ts'
import { findUpload, isFinal, type UploadData, type UploadState } from './uploadRow.ts'

/** What is asked about: an upload whose bytes are known. */
export type HashedUpload = SameParts & Pick<UploadData, 'upload_id' | 'force'>

/** Nobody answers for the bytes; `old` did. `before` does, but `force` overrides it. */
export interface Free {
  kind: 'free'
  version: number
  old?: UploadData
  before?: string
}

/**
 * Who answers for some bytes. `free`: nobody, and a claim must name `version`; `ours`: this upload; `stored`: WeChat
 * has them under the media_id of `holder`; `busy`: `holder` is on its way.
 */
export type Claimant =
  | Free
  | { kind: 'ours' }
  | { kind: 'stored'; holder: UploadData }
  | { kind: 'busy'; holder: UploadData }

type SamePorts = PortsOf<'table' | 'wechat'>

/** A temporary media_id with less time left than this is not given out again. */
const MIN_LIFE_MS = 12 * 3_600_000
const MAX_TRIES = 5
/** Between two looks at the row of another upload. */
const LOOK_MS = 500
/** States that may be over in seconds. */
const MOVING: ReadonlySet<UploadState> = new Set(['CREATED', 'UPLOADED', 'SENDING'])

/**
 * Looks who answers for the bytes. What is stored is asked for at WeChat before it is given out, for it may have been
 * deleted elsewhere. Throws what `isAtWeChat` and the table throw.
 */
export async function claimantOf(ports: SamePorts, upload: HashedUpload, signal: AbortSignal): Promise<Claimant> {
  const row = await findHash(ports.table, upload, signal)
  if (!row) return { kind: 'free', version: 0 }
  if (row.data.upload_id === upload.upload_id) return { kind: 'ours' }
  const holder = await holderOf(ports, row, signal)
  if (upload.force && holder) {
    const old = holder.state === 'STORED' ? { old: holder } : {}
    return { kind: 'free', version: row.version, before: holder.upload_id, ...old }
  }
  if (!holder) return { kind: 'free', version: row.version }
  if (holder.state !== 'STORED') return { kind: 'busy', holder }
  const lives = (holder.media_expires_at ?? Number.POSITIVE_INFINITY) - ports.clock.now() >= MIN_LIFE_MS
  return lives && (await isAtWeChat(ports, holder, signal))
    ? { kind: 'stored', holder }
    : { kind: 'free', version: row.version, old: holder }
}

/** Claims the bytes for `upload`; false when somebody else was faster. */
export async function claimBytes(
  { table, clock, log }: PortsOf<'table'>,
  upload: HashedUpload,
  { version, old, before }: Free,
): Promise<boolean> {
  const written = await table.put(hashRow({ ...upload, ...(before !== undefined && { before }) }, clock.now()), version)
  if (written.ok && old) {
    // Only for the sake of order: nobody finds that row through its bytes any more.
    await change(table, old, row => retired(row, clock.now())).catch(error =>
      log.warn('an upload that was replaced stays without an end', { upload_id: old.upload_id, error }),
    )
  }
  return written.ok
}

/** How bytes are claimed. */
export interface Claiming {
  call: Pick<Call, 'signal'>
  /** ms */
  waitMs: number
  /** Claims what nobody answers for; false when somebody else was faster. */
  take(free: Free): Promise<boolean>
}

/**
 * Claims the bytes unless another upload answers for them; one that is being sent just now is waited for, `waitMs` (ms)
 * at the most. Throws as {@link claimantOf}, and `WRITE_CONFLICT`.
 */
export async function settledClaimant(
  ports: SamePorts,
  upload: HashedUpload,
  { call, waitMs, take }: Claiming,
): Promise<Exclude<Claimant, Free>> {
  const { clock } = ports
  const end = clock.now() + waitMs
  for (let lost = 0; lost < MAX_TRIES; ) {
    const found = await claimantOf(ports, upload, call.signal)
    if (found.kind === 'free') {
      if (await take(found)) return { kind: 'ours' }
      lost++
    } else if (found.kind === 'busy' && MOVING.has(found.holder.state) && clock.now() + LOOK_MS <= end) {
      await clock.sleep(LOOK_MS, call.signal)
    } else {
      return found
    }
  }
  throw new AppError('WRITE_CONFLICT', 'Many uploads of these bytes come at once; try again.')
}

/**
 * Counts a rejected upload and gives its claim back, to the upload from which force took it, if any. What cannot be given
 * back is taken over by the next one.
 */
export async function closeRejected({ table, clock, log, metrics }: PortsOf<'table'>, data: UploadData): Promise<void> {
  metrics.record('UploadRejected', 1, { app_id: data.app_id, upload_id: data.upload_id })
  if (data.sha256 === undefined) return
  try {
    const parts = { ...data, sha256: data.sha256 }
    const row = await findHash(table, parts)
    if (row?.data.upload_id !== data.upload_id) return
    const { before } = row.data
    if (before === undefined) return void (await table.remove(row, row.version))
    const given = await table.put(hashRow({ ...parts, upload_id: before }, clock.now()), row.version)
    if (given.ok) await change(table, { app_id: data.app_id, upload_id: before }, old => reinstated(old, clock.now()))
  } catch (error) {
    log.warn('the claim of a rejected upload stays', { upload_id: data.upload_id, error: asAppError(error) })
  }
}

/**
 * The upload of a claim as long as it can still answer for those bytes, else the one that force took it from: a refused
 * upload is written down before its claim is given back.
 */
async function holderOf(
  ports: SamePorts,
  { data: { upload_id, before, ...claim } }: Row<HashData>,
  signal: AbortSignal,
): Promise<UploadData | undefined> {
  const holder = await answering(ports, { ...claim, upload_id }, signal)
  return holder ?? (before === undefined ? undefined : answering(ports, { ...claim, upload_id: before }, signal))
}

async function answering(
  { table }: SamePorts,
  { app_id, upload_id, sha256 }: Pick<HashData, 'app_id' | 'upload_id' | 'sha256'>,
  signal: AbortSignal,
): Promise<UploadData | undefined> {
  const holder = (await findUpload(table, { appId: app_id, uploadId: upload_id, signal }))?.data
  if (!holder || (isFinal(holder) && holder.state !== 'STORED')) return undefined
  // Its client posted other bytes before the first ones were pinned.
  return holder.sha256 === undefined || holder.sha256 === sha256 ? holder : undefined
}

/** Changes a stored upload's row, if nobody else does just then. */
async function change(
  table: PortsOf<'table'>['table'],
  { app_id: appId, upload_id: uploadId }: Pick<UploadData, 'app_id' | 'upload_id'>,
  next: (data: UploadData) => RowDraft<UploadData>,
): Promise<void> {
  const row = await findUpload(table, { appId, uploadId })
  if (row?.data.state === 'STORED') await table.put(next(row.data), row.version)
}
