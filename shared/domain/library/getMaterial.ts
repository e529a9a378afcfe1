/** One permanent material or draft: its articles, or its file, which is fetched from WeChat once. */
import type { Account } from '../../core/account.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row } from '../../ports/table.ts'
import type { BinaryMedia, NewsMaterial, VideoMedia } from '../../ports/wechat.ts'
import { mediaTypeOf } from './downloadedFormat.ts'
import { type MaterialData, materialRows } from './libraryRows.ts'
import { recordFile } from './recordFile.ts'
import { type Kind, resolveKind } from './resolveKind.ts'
import { type StoredFile, storeFile } from './storedFile.ts'
import { uploadedName } from './uploadedName.ts'

/** Which material is wanted; `said` is what the caller says of its kind. */
export interface MaterialRequest {
  account: Account
  mediaId: string
  said: Kind | undefined
  signal: AbortSignal
}

/** A material whose file is in the object store. */
export type KeptMaterial = MaterialData & { file: StoredFile }

/** A copy is answered without asking WeChat. Throws what the `WeChat` port throws, `MEDIA_NOT_FOUND` above all. */
export async function getMaterial(
  ports: PortsOf<'table' | 'objects' | 'wechat'>,
  request: MaterialRequest,
): Promise<NewsMaterial | KeptMaterial> {
  const { table, objects, wechat } = ports
  const { account, mediaId, signal } = request
  const appId = account.app_id
  const row = await materialRows.read(table, { appId, mediaId }, signal)
  const file = row?.data.file
  if (row && file && (await objects.head(file.object_key, signal))) return { ...row.data, file }
  const { kind, draft } = await resolveKind(wechat, { ...request, known: row?.data })
  if (kind === 'draft') return draft ?? wechat.draft(appId).get(mediaId, signal)
  const found = await wechat.material(appId).get(mediaId, signal)
  return found.kind === 'news' ? found : keep(ports, { ...request, found, row })
}

interface Found extends MaterialRequest {
  found: BinaryMedia | VideoMedia
  row: Row<MaterialData> | undefined
}

async function keep(
  ports: PortsOf<'table' | 'objects'>,
  { account, mediaId, signal, found, row }: Found,
): Promise<KeptMaterial> {
  const appId = account.app_id
  const now = ports.clock.now()
  const video = found.kind === 'video' ? found : undefined
  const media = found.kind === 'video' ? await found.open(signal) : found
  const name = video?.title || mediaId
  const copy = await storeFile(ports.objects, video ? { ...media, filename: undefined } : media, {
    ...{ stem: `store/${appId}/material/${mediaId}`, name, now, signal },
  })
  const type = video ? 'video' : mediaTypeOf(copy.content_type)
  const { sha256 } = copy
  const ours = video ? undefined : await uploadedName(ports.table, { appId, mediaId, type, sha256, signal })
  const data = {
    app_id: appId,
    media_id: mediaId,
    kind: 'material' as const,
    ...(type && type !== 'thumb' && { type }),
    ...(video && { title: video.title, description: video.description }),
    file: { ...copy, ...(ours !== undefined && { filename: ours }) },
    created_at: row?.data.created_at ?? now,
  }
  return recordFile(ports, materialRows, { data, expected: row?.version ?? 0, signal })
}
