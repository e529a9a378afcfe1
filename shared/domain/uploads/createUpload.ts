/** Opens an upload through the object store: everything that can be refused is refused here, before a byte travels. */
import type * as z from 'zod'
import type { Account } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { CreateUploadAnswer, CreateUploadBody, UploadTargetAnswer } from '../../core/schemas/upload.ts'
import type { ObjectSigner } from '../../ports/objectStore.ts'
import { requireRoom } from './libraryRoom.ts'
import { checkDeclaration, cleanFilename } from './mediaRules.ts'
import { claimantOf, type HashedUpload } from './sameBytes.ts'
import { soon } from './soon.ts'
import { created, extended, GRANT_MS, reused } from './transitions.ts'
import { findUpload, objectKey, type UploadData, uploadView } from './uploadRow.ts'

/** Nobody waits longer to hear whether WeChat still has some bytes: they can be posted all the same. */
const KNOWN_MS = 5_000

/** What the client needs to post the bytes. */
export type UploadTargetData = z.infer<typeof UploadTargetAnswer>['data']

/** That, or the finished upload. */
export type CreatedUpload = z.infer<typeof CreateUploadAnswer>['data']

/**
 * Writes the row and signs the target. A declared SHA-256 that WeChat has under this account ends the upload at once.
 * Throws what `checkDeclaration` throws, `VIDEO_TITLE_MISSING` and `LIBRARY_FULL`.
 */
export async function createUpload(
  ports: PortsOf<'table' | 'signer' | 'wechat'>,
  account: Account,
  { body, signal }: { body: z.infer<typeof CreateUploadBody>; signal: AbortSignal },
): Promise<CreatedUpload> {
  const { table, clock } = ports
  const { type, permanent, size, sha256, title, introduction, force } = body
  const filename = cleanFilename(body.filename)
  const file = { filename, contentType: body.content_type, size }
  const { extension, contentType, warnings } = checkDeclaration(file, { type, permanent, limits: account.limits })
  requireTitle(body)
  const now = clock.now()
  const uploadId = timeOrderedId(ports)
  const data: UploadData = {
    upload_id: uploadId,
    app_id: account.app_id,
    state: 'CREATED',
    type,
    permanent,
    filename,
    content_type: contentType,
    size,
    ...(sha256 !== undefined && { sha256 }),
    ...(force && { force }),
    ...(title !== undefined && { title }),
    ...(introduction !== undefined && { introduction }),
    object_key: objectKey(account.app_id, uploadId, extension),
    attempts: 0,
    misses: 0,
    created_at: now,
    updated_at: now,
    expires_at: now + GRANT_MS,
  }
  const holder = sha256 === undefined || force ? undefined : await storedBefore(ports, { ...data, sha256 }, signal)
  if (holder) {
    const done = reused(data, holder, now)
    await table.put(done, 0, signal)
    return uploadView(done.data)
  }
  if (permanent) await requireRoom(ports, { account, type, signal })
  await table.put(created(data, now), 0, signal)
  return { ...(await signTarget(ports.signer, data)), ...(warnings.length > 0 && { warnings }) }
}

/** The upload that has stored these bytes, if that is known and sure now; if not, nothing is lost but a transfer. */
async function storedBefore(
  ports: PortsOf<'table' | 'wechat'>,
  data: HashedUpload,
  signal: AbortSignal,
): Promise<UploadData | undefined> {
  try {
    const found = await soon(ports.clock, { ms: KNOWN_MS, signal }, either => claimantOf(ports, data, either))
    return found?.kind === 'stored' ? found.holder : undefined
  } catch (error) {
    ports.log.info('it is not known whether WeChat has these bytes', { app_id: data.app_id, error })
    return undefined
  }
}

/** WeChat refuses a permanent video without a title only after all its bytes came. */
export function requireTitle({
  type,
  permanent,
  title,
}: {
  type: string
  permanent: boolean
  title?: string | undefined
}): void {
  if (type === 'video' && permanent && !title) {
    throw new AppError('VIDEO_TITLE_MISSING', 'A permanent video needs a title.', { field: 'title' })
  }
}

/**
 * The target of an upload that was opened before, for the same request made again: signed anew while the upload waits
 * for its bytes, else as it was.
 */
export async function targetAgain<T extends CreatedUpload>(
  { table, signer, clock }: PortsOf<'table' | 'signer'>,
  appId: string,
  kept: T,
): Promise<T | UploadTargetData> {
  if (!('method' in kept)) return kept
  const row = await findUpload(table, { appId, uploadId: kept.upload_id })
  if (row?.data.state !== 'CREATED') return kept
  const next = extended(row.data, clock.now())
  const written = await table.put(next, row.version)
  if (!written.ok) return kept
  return { ...(await signTarget(signer, next.data)), ...(kept.warnings && { warnings: kept.warnings }) }
}

/** Signs exactly this key, type and size for the rest of the upload's waiting time. */
export async function signTarget(signer: ObjectSigner, data: UploadData): Promise<UploadTargetData> {
  const target = await signer.uploadTarget({
    key: data.object_key ?? '',
    contentType: data.content_type,
    minSize: data.size,
    maxSize: data.size,
    expiresIn: GRANT_MS / 1000,
  })
  return { upload_id: data.upload_id, state: data.state, ...target, expires_at: Math.floor(data.expires_at / 1000) }
}
