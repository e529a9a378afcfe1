/** The steps that most tests of uploads begin and end with. */
import type * as z from 'zod'
import { createUpload } from '../../functions/createUpload.ts'
import { getUpload } from '../../functions/getUpload.ts'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import type { UploadTargetAnswer, UploadView } from '../../shared/core/schemas/upload.ts'
import type { MediaType } from '../../shared/ports/wechat.ts'
import { CONTENT_TYPES, fileBytes } from './files.ts'
import type { Ask, World } from './world.ts'

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
  /** Of the form, or the headers where the store takes a PUT. */
  fields: Record<string, string>
}

/** No two files are the same unless a test says so: WeChat would get them only once. */
let files = 0

/** Opens an upload as its client does. */
export async function open(service: World, wanted: Wanted = {}): Promise<Opened> {
  const { type = 'image', format = 'jpg', bytes = fileBytes(format, 300, ++files), appId } = wanted
  const { filename = `日落 ${type}.${format}`, declared = {} } = wanted
  const body = { type, filename, size: bytes.length, content_type: CONTENT_TYPES[format], ...declared }
  const data = await target(service, { body, ...(appId !== undefined && { appId }) })
  return { uploadId: data.upload_id, appId, bytes, fields: data.fields ?? decoded(data.headers ?? {}) }
}

/** Headers are ASCII, so that their key is encoded; a form has it as it is. */
const decoded = (headers: Record<string, string>): Record<string, string> => ({
  ...headers,
  key: decodeURIComponent(headers['key'] ?? ''),
})

/** Where the bytes of an upload must be posted; throws when it is finished already. */
export async function target(service: World, ask: Ask): Promise<z.infer<typeof UploadTargetAnswer>['data']> {
  const { data } = await service.ok(createUpload, ask)
  if (!('method' in data)) throw new Error(`the upload ${data.upload_id} is ${data.state} at once`)
  return data
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
