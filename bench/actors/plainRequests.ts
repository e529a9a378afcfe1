/** The limits of a request: a try around a function, a GetItem and a URL that are signed by hand. */
import { createHash, createHmac } from 'node:crypto'
import { getItem } from './handSigned.ts'
import type { RequestActions } from './ourRequests.ts'

const hmac = (key: string | Buffer, value: string): Buffer => createHmac('sha256', key).update(value).digest()

/** Stores come from the environment. */
export function start(): RequestActions {
  const request = new Request('https://api.example.com/healthz')
  const handler = async (asked: Request) => new Response(null, { headers: { 'x-asked': asked.method } })
  const guarded = async (asked: Request): Promise<Response> => {
    try {
      return await handler(asked)
    } catch {
      return new Response(null, { status: 500 })
    }
  }
  return {
    async chain(times) {
      for (let index = 0; index < times; index++) await guarded(request)
    },
    async getItem(times) {
      for (let index = 0; index < times; index++) await getItem()
    },
    async presign(times) {
      const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
      const key = hmac(hmac(hmac(hmac('AWS4secret', date.slice(0, 8)), 'us-east-1'), 's3'), 'aws4_request')
      for (let index = 0; index < times; index++) presigned(`/bucket/store/x/${index}.png`, date, key)
    },
  }
}

function presigned(path: string, date: string, key: Buffer): string {
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
  const query = new URLSearchParams([
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD'],
    ['X-Amz-Credential', `AKIDBENCH/${scope}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', '900'],
    ['X-Amz-SignedHeaders', 'host'],
    ['response-content-disposition', 'attachment; filename="x.png"'],
    ['response-content-type', 'image/png'],
  ])
  const canonical = `GET\n${path}\n${query}\nhost:127.0.0.1\n\nhost\nUNSIGNED-PAYLOAD`
  const hashed = createHash('sha256').update(canonical).digest('hex')
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hashed}`).toString('hex')
  return `https://127.0.0.1${path}?${query}&X-Amz-Signature=${signature}`
}
