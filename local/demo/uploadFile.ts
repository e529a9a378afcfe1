/** The main job as a client does it: open an upload, post the bytes to the object store, wait for WeChat's answer. */
import * as z from 'zod'
import { CreateUploadAnswer, UploadAnswer } from '../../shared/core/schemas/upload.ts'
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

/** Uploads one file; `step` hears what is going on. Throws a sentence when something is refused. */
export async function uploadFile(
  service: DemoService,
  file: SampleFile,
  step: (text: string) => void,
): Promise<Uploaded> {
  step('open')
  const { type, filename, bytes, title, introduction } = file
  const declaration = { type, filename, size: bytes.length, content_type: file.contentType, title, introduction }
  const opened = await ask(service, 'uploads', { method: 'POST', body: JSON.stringify(declaration) })
  const target = CreateUploadAnswer.parse(opened).data
  // Of a declared SHA-256 that WeChat has.
  if (!('method' in target)) return target

  step(`post ${bytes.length} bytes`)
  const form = new FormData()
  for (const [name, value] of Object.entries(target.fields ?? {})) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(bytes)], { type: file.contentType }), filename)
  const posted = await fetch(target.url, { method: 'POST', body: form })
  if (!posted.ok) throw new Error(`the object store answered ${posted.status}: ${await posted.text()}`)

  step('wait for WeChat')
  return UploadAnswer.parse(await ask(service, `uploads/${target.upload_id}`, { query: '&wait=20' })).data
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
