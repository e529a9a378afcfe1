/** The main job as a client does it: open an upload, post the bytes to the object store, wait for WeChat's answer. */
import * as z from 'zod'
import { CreateUploadAnswer, UploadAnswer, type UploadTargetAnswer } from '../../shared/core/schemas/upload.ts'
import type { SampleFile } from './sampleFiles.ts'

const Refusal = z.object({ message: z.string(), code: z.string() })

/** Where the service is and who asks. */
export interface DemoService {
  url: string
  apiKey: string
  appId: string
}

/** How an upload ended. */
export type Uploaded = z.infer<typeof UploadAnswer>['data']

/** Hears what is going on. */
type Step = (text: string) => void

/** Uploads one file; `step` hears what is going on. Throws a sentence when something is refused. */
export async function uploadFile(service: DemoService, file: SampleFile, step: Step): Promise<Uploaded> {
  step('open')
  const { type, filename, bytes, title, introduction } = file
  const declaration = { type, filename, size: bytes.length, content_type: file.contentType, title, introduction }
  const opened = await ask(service, 'uploads', { method: 'POST', body: JSON.stringify(declaration) })
  const target = CreateUploadAnswer.parse(opened).data
  // Of a declared SHA-256 that WeChat has.
  if (!('method' in target)) return target

  if (target.method === 'PUT') await putFile(service, target, file, step)
  else await postFile(target, file, step)

  step('wait for WeChat')
  return UploadAnswer.parse(await ask(service, `uploads/${target.upload_id}`, { query: '&wait=20' })).data
}

type Target = z.infer<typeof UploadTargetAnswer>['data']

/** Posts the signed form; the object store tells the service by itself. */
async function postFile({ url, fields = {} }: Target, { bytes, contentType, filename }: SampleFile, step: Step) {
  step(`post ${bytes.length} bytes`)
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(bytes)], { type: contentType }), filename)
  await accepted(await fetch(url, { method: 'POST', body: form }))
}

/** Puts the bytes; such a store tells nobody, so the client does. */
async function putFile(
  service: DemoService,
  { url, headers = {}, upload_id }: Target,
  { bytes }: SampleFile,
  step: Step,
) {
  step(`put ${bytes.length} bytes`)
  await accepted(await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) }))
  step('complete')
  await ask(service, `uploads/${upload_id}/complete`, { method: 'POST' })
}

async function accepted(answer: Response): Promise<void> {
  if (!answer.ok) throw new Error(`the object store answered ${answer.status}: ${await answer.text()}`)
}

async function ask(
  { url, apiKey, appId }: DemoService,
  path: string,
  { method = 'GET', body = null, query = '' }: { method?: string; body?: string | null; query?: string },
): Promise<unknown> {
  const answer = await fetch(`${url}/wechat/${path}?app_id=${appId}${query}`, {
    method,
    body,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
  })
  const json: unknown = await answer.json()
  if (answer.ok) return json
  const { code, message } = Refusal.parse(json)
  throw new Error(`${code}: ${message}`)
}
