/** Deletes a permanent material or a draft at WeChat, then our copy and our memory of it. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { MaterialRequest } from './getMaterial.ts'
import { materialRows } from './libraryRows.ts'
import { resolveKind } from './resolveKind.ts'

/** Throws `MEDIA_NOT_FOUND` when WeChat does not know the id; what we still had of it goes then, too. */
export async function deleteMaterial(
  ports: PortsOf<'table' | 'objects' | 'wechat'>,
  request: MaterialRequest,
): Promise<void> {
  const { table, wechat } = ports
  const { account, mediaId, signal } = request
  const appId = account.app_id
  const row = await materialRows.read(table, { appId, mediaId }, signal)
  const { kind } = await resolveKind(wechat, { ...request, known: row?.data })
  const shelf = kind === 'draft' ? wechat.draft(appId) : wechat.material(appId)
  try {
    await shelf.remove(mediaId, signal)
  } catch (error) {
    if (error instanceof AppError && error.code === 'MEDIA_NOT_FOUND') await forget(ports, request)
    throw error
  }
  await forget(ports, request)
}

/** WeChat's answer stands even when our own traces cannot be removed: without the material they lead nowhere. */
async function forget(
  { table, objects, log }: PortsOf<'table' | 'objects'>,
  { account, mediaId, signal }: MaterialRequest,
): Promise<void> {
  const name = { appId: account.app_id, mediaId }
  try {
    const row = await materialRows.read(table, name, signal)
    if (!row) return
    // The object first: a row without one is noticed, an object without a row is not.
    if (row.data.file) await objects.remove(row.data.file.object_key, signal)
    await table.remove(row, row.version, signal)
  } catch (error) {
    log.error('the copy of a deleted material could not be removed', { media_id: mediaId, error })
  }
}
