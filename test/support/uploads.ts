/** The steps that most tests of uploads begin and end with. */
import type * as z from 'zod'
import { createUpload } from '../../functions/createUpload.ts'
import { getUpload } from '../../functions/getUpload.ts'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import type { UploadView } from '../../shared/core/schemas/upload.ts'
import type { MediaType } from '../../shared/ports/wechat.ts'
import { CONTENT_TYPES, fileBytes } from './files.ts'
import type { World } from './world.ts'

/** What is uploaded; by default a small permanent jpg with a Chinese name. */
export interface Wanted {
  type?: MediaType
  format?: FileFormat
  filename?: string
  bytes?: Buffer
  /** Further fields of the declaration. */
  declared?: Record<string, unknown>
  appId?: string
}

/** An opened upload. */
export interface Opened {
  uploadId: string
  appId: string | undefined
  bytes: Buffer
  fields: Record<string, string>
}

/** Opens an upload as its client does. */
export async function open(service: World, wanted: Wanted = {}): Promise<Opened> {
  const { type = 'image', format = 'jpg', bytes = fileBytes(format), appId } = wanted
  const { filename = `日落 ${type}.${format}`, declared = {} } = wanted
  const body = { type, filename, size: bytes.length, content_type: CONTENT_TYPES[format], ...declared }
  const { data } = await service.ok(createUpload, { body, ...(appId !== undefined && { appId }) })
  return { uploadId: data.upload_id, appId, bytes, fields: data.fields ?? {} }
}

/** Opens an upload and posts its bytes; the storage event waits for `deliver`. */
export async function openAndPost(service: World, wanted: Wanted = {}): Promise<Opened> {
  const opened = await open(service, wanted)
  await service.post(opened, opened.bytes)
  return opened
}

/** An upload as its client sees it. */
export async function view(service: World, { uploadId, appId }: Opened): Promise<z.infer<typeof UploadView>> {
  const { data } = await service.ok(getUpload, { params: { uploadId }, ...(appId !== undefined && { appId }) })
  return data
}
