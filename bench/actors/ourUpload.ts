/** Whole uploads through the handlers of createUpload and forwardUpload, to count what they ask of others. */
import { randomUUID } from 'node:crypto'
import { accountRow } from '../../shared/core/account.ts'
import { keyRow } from '../../shared/core/keys.ts'
import { table } from '../../shared/hosts/aws/table.ts'
import { sealer } from '../../shared/hosts/local/secrets.ts'
import { APP_ID } from './ourWeChat.ts'

/** A file to upload; the object store's stand-in has its bytes already. */
export interface UploadTask {
  size: number
  sha256?: string
}

interface FunctionModule {
  main(event: unknown, context: { awsRequestId: string; getRemainingTimeInMillis(): number }): Promise<unknown>
}

/** Its actions. */
export type UploadActions = { upload: (task: UploadTask) => Promise<string> }

const API_KEY = 'sucai_bench_0123456789abcdef'
const SECRET = '0123456789abcdef0123456789abcdef'

/** Stores, WeChat and the refresher come from the environment. Wants the condition `local`. */
export async function start(): Promise<UploadActions> {
  const creator: FunctionModule = await import('../../functions/createUpload.ts')
  const forwarder: FunctionModule = await import('../../functions/forwardUpload.ts')
  await table().put(keyRow(API_KEY, { role: 'admin', app_ids: '*', created_at: 0 }), 0)
  await table().put(
    accountRow({
      ...{ app_id: APP_ID, name: '演示', kind: 'official', articles: 'draft', limits: 'current' },
      ...{ credential: 'stable_token', sealed_secret: await sealer().seal(SECRET, APP_ID) },
    }),
    0,
  )
  const context = () => {
    const end = performance.now() + 29_000
    return { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => end - performance.now() }
  }
  return {
    async upload({ size, sha256 }) {
      const body = JSON.stringify({
        type: 'image',
        filename: '海边.png',
        size,
        ...(sha256 !== undefined && { sha256 }),
      })
      const answer = await creator.main(
        {
          rawPath: '/wechat/uploads',
          rawQueryString: `app_id=${APP_ID}`,
          headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
          requestContext: { domainName: 'api.example.com', http: { method: 'POST' } },
          body,
        },
        context(),
      )
      const { state, upload_id: uploadId } = dataOf(answer)
      if (state !== 'CREATED') return String(state)
      const object = { key: `in/${APP_ID}/${uploadId}.png`, size, eTag: 'x' }
      const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Post', s3: { object } }
      return String(((await forwarder.main({ Records: [record] }, context())) as { state: unknown }).state)
    },
  }
}

function dataOf(answer: unknown): Record<string, unknown> {
  const { statusCode, body } = answer as { statusCode: number; body: string }
  if (statusCode >= 300) throw new Error(`createUpload: ${statusCode} ${body}`)
  return JSON.parse(body).data
}
