/** What the HTTP access service makes of a request: its limits, the event of the function, the answer's shape. */
import { isUtf8 } from 'node:buffer'
import * as z from 'zod'
import { isTextual } from '../../shared/hosts/textual.ts'

/** wechat-api.md §8.2: text may have less than everything else. */
const MAX_TEXT_BYTES = 100 * 1024

/** bytes of a request that is no text */
export const MAX_BODY_BYTES = 6 * 1024 * 1024

/** A request as it came; header names in lower case. */
export interface AccessRequest {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer
}

/** What a function answers. */
export const AccessResult = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
})

/** Whether the service refuses a request for its size. */
export const isTooLarge = (request: AccessRequest): boolean =>
  request.body.length > (isText(request) ? MAX_TEXT_BYTES : MAX_BODY_BYTES)

/** The event (stack.md §3); by default the platform spells the flag of a text body as text, `spelling` says otherwise. */
export function accessEvent(
  request: AccessRequest,
  { env, requestId, spelling }: { env: string; requestId: string; spelling?: 'boolean' | 'string' },
): unknown {
  const { method, url, headers, body } = request
  const query: Record<string, string | string[]> = {}
  for (const name of new Set(url.searchParams.keys())) {
    const [first = '', ...more] = url.searchParams.getAll(name)
    query[name] = more.length > 0 ? [first, ...more] : first
  }
  const text = isText(request)
  return {
    path: url.pathname,
    httpMethod: method,
    headers,
    queryStringParameters: query,
    requestContext: { appId: '1300000000', envId: env, requestId, uin: '100000000001' },
    body: body.toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: (spelling ?? (text ? 'string' : 'boolean')) === 'string' ? String(!text) : !text,
  }
}

const isText = ({ headers, body }: AccessRequest): boolean => isTextual(headers['content-type'] ?? null) && isUtf8(body)
