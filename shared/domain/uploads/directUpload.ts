/** Uploads whose bytes came in the request itself. */
import { Readable } from 'node:stream'
import type { Account } from '../../core/account.ts'
import { AppError, asAppError } from '../../core/errors.ts'
import { extensionOf, type FileFormat, fileFormat, SNIFF_BYTES } from '../../core/fileKind.ts'
import { randomId, timeOrderedId } from '../../core/ids.ts'
import type { FormFile } from '../../core/multipart.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowDraft } from '../../ports/table.ts'
import type { MediaFile, MediaType, PermanentMaterial } from '../../ports/wechat.ts'
import { requireTitle } from './createUpload.ts'
import { checkDeclaration, checkFirstBytes, cleanFilename } from './mediaRules.ts'
import { sendToWeChat } from './sendToWeChat.ts'
import { settleClaim } from './settleClaim.ts'
import { rejected, sending, stored, unknown, verdict } from './transitions.ts'
import type { UploadData, UploadRow } from './uploadRow.ts'

const CLAIM_ID_LENGTH = 16
const TYPE_OF_FORMAT: Record<FileFormat, MediaType> = {
  jpg: 'image',
  png: 'image',
  gif: 'image',
  bmp: 'image',
  mp3: 'voice',
  wav: 'voice',
  wma: 'voice',
  amr: 'voice',
  mp4: 'video',
}

/** A form's file, checked and ready for WeChat. */
export interface DirectFile {
  type: MediaType
  file: MediaFile
  warnings: string[]
}

/** What a form's file is for; without `type` its bytes decide. */
export interface FormPurpose {
  type: MediaType | undefined
  permanent: boolean
  /** An image for the inside of articles. */
  inArticle?: boolean
  account: Account
}

/**
 * Checks a form's file by name, size and first bytes. Without `type` the bytes decide; a name without any extension (a
 * browser's "blob") gets the one of its bytes. Throws `FILE_TYPE_NOT_ALLOWED`, `FILE_CONTENT_MISMATCH`, `FILE_TOO_LARGE`.
 */
export function checkForm(form: FormFile, { type, permanent, inArticle = false, account }: FormPurpose): DirectFile {
  const head = headOf(form.chunks)
  const found = fileFormat(head)
  const kind = type ?? (found && TYPE_OF_FORMAT[found])
  if (!kind) throw new AppError('FILE_TYPE_NOT_ALLOWED', 'The bytes are of no format that WeChat takes.')
  const clean = cleanFilename(form.filename)
  const filename = extensionOf(clean) === '' && found ? `${clean || 'file'}.${found}` : clean
  const declared = { filename, contentType: form.contentType, size: form.size }
  const { format, contentType, warnings } = checkDeclaration(declared, {
    type: kind,
    permanent,
    inArticle,
    limits: account.limits,
  })
  checkFirstBytes(head, format)
  const open = async () => Readable.from(form.chunks, { objectMode: false })
  return { type: kind, file: { filename, contentType, size: form.size, open }, warnings }
}

/** What a permanent upload carries beside its file. */
export interface Description {
  title?: string | undefined
  introduction?: string | undefined
}

/**
 * Sends a checked file as permanent material. Its row is written before the socket opens, so that an unclear outcome
 * can be settled later: then the error is `WECHAT_UNCLEAR` with `details.upload_id`.
 */
export async function uploadDirectly(
  ports: PortsOf<'table' | 'wechat'>,
  { direct, account, description }: { direct: DirectFile; account: Account; description: Description },
  signal: AbortSignal,
): Promise<PermanentMaterial & { upload_id: string }> {
  const { table, wechat, clock, random } = ports
  const { type, file } = direct
  requireTitle({ type, permanent: true, title: description.title })
  const now = clock.now()
  const data: UploadData = {
    upload_id: timeOrderedId(ports),
    app_id: account.app_id,
    state: 'CREATED',
    type,
    permanent: true,
    filename: file.filename,
    content_type: file.contentType,
    size: file.size,
    ...(description.title !== undefined && { title: description.title }),
    ...(description.introduction !== undefined && { introduction: description.introduction }),
    attempts: 0,
    misses: 0,
    created_at: now,
    updated_at: now,
    expires_at: now,
  }
  const claimed = await table.put(sending(data, { id: randomId(random, CLAIM_ID_LENGTH) }, now), 0, signal)
  if (!claimed.ok) throw new AppError('WRITE_CONFLICT', 'The upload could not be recorded; try again.')
  const material = await sendToWeChat(wechat, data, { open: file.open, signal }).catch(async cause => {
    throw await settleFailure(ports, claimed.row, asAppError(cause))
  })
  await settle(ports, claimed.row, row => stored(row, material, clock.now()))
  return { ...material, upload_id: data.upload_id }
}

/** Records why a sending failed; answers the error for the caller. */
async function settleFailure(ports: PortsOf<'table'>, row: UploadRow, error: AppError): Promise<AppError> {
  const unclear = verdict(error) === 'unclear'
  await settle(ports, row, data => (unclear ? unknown : rejected)(data, error, ports.clock.now()))
  if (!unclear) return error
  return new AppError(
    'WECHAT_UNCLEAR',
    'WeChat may have accepted the file; its outcome is being looked up.',
    { upload_id: row.data.upload_id },
    { cause: error },
  )
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

function headOf(chunks: Uint8Array[]): Uint8Array {
  const enough: Uint8Array[] = []
  for (let length = 0, index = 0; length < SNIFF_BYTES && index < chunks.length; index++) {
    const chunk = chunks[index] ?? new Uint8Array()
    enough.push(chunk.subarray(0, SNIFF_BYTES - length))
    length += chunk.length
  }
  return Buffer.concat(enough)
}
