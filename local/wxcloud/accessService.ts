/** The HTTP access service: every request becomes an event of the one router function; and the calls of mini programs. */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { isTextual } from '../../shared/hosts/textual.ts'
import type { Log } from '../../shared/ports/log.ts'
import { listen, type RunningServer, readBody, sendJson } from '../stack/httpServer.ts'
import { type CloudRunner, RunFailure } from './cloudRunner.ts'

const ROUTER = 'http'
/** wechat-api.md §8.2 */
const MAX_TEXT_BYTES = 100 * 1024
const MAX_OTHER_BYTES = 6 * 1024 * 1024
/** What `wx.cloud.callFunction` would send over WeChat's own channel. */
const CALL_FUNCTION = '/_wx/callFunction'

const Result = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
})
const FunctionCall = z.object({ name: z.string(), data: z.unknown().optional() })

/** What the service works with. */
export interface AccessService {
  port: number
  env: string
  runner: CloudRunner
  log: Log
}

/** Starts it. Rejects with Node's error when the port is taken. */
export function startAccessService(service: AccessService): Promise<RunningServer> {
  return listen(service.port, (request, response) => {
    answer(service, request, response).catch((error: unknown) => {
      if (error instanceof RunFailure) {
        service.log.error('a function gave no answer', { error })
        return refuse(response, error.code, error.code === 'EXCEED_MAX_PAYLOAD_SIZE' ? 413 : 500)
      }
      if (!request.destroyed) service.log.error('the access service failed', { error })
      response.destroy()
    })
  })
}

async function answer(service: AccessService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = URL.parse(`http://localhost${request.url ?? '/'}`) ?? new URL('http://localhost/')
  const body = await readBody(request, MAX_OTHER_BYTES)
  const text = isTextual(request.headers['content-type'] ?? null) && (body === undefined || isUtf8(body))
  if (!body || (text && body.length > MAX_TEXT_BYTES)) return refuse(response, 'EXCEED_MAX_PAYLOAD_SIZE', 413)
  if (url.pathname === CALL_FUNCTION) return callFunction(service, { request, response, body })
  const result = Result.parse(await service.runner.call(ROUTER, httpEvent(service, { request, url, body, text })))
  const bytes = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8')
  response.writeHead(result.statusCode, { ...result.headers, 'content-length': bytes.length }).end(bytes)
}

interface Arrived {
  request: IncomingMessage
  url: URL
  body: Buffer
  text: boolean
}

/** stack.md §3; the platform spells the flag of a text body as text. */
function httpEvent({ env }: AccessService, { request, url, body, text }: Arrived): unknown {
  const requestId = randomUUID()
  const query: Record<string, string | string[]> = {}
  for (const name of new Set(url.searchParams.keys())) {
    const [first = '', ...more] = url.searchParams.getAll(name)
    query[name] = more.length > 0 ? [first, ...more] : first
  }
  return {
    path: url.pathname,
    httpMethod: request.method,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    queryStringParameters: query,
    requestContext: { appId: '1300000000', envId: env, requestId, uin: '100000000001' },
    body: body.toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: text ? 'false' : true,
  }
}

/** The headers say who calls, as WeChat would have found out by itself. */
async function callFunction(
  { runner }: AccessService,
  { request, response, body }: { request: IncomingMessage; response: ServerResponse; body: Buffer },
): Promise<void> {
  const { name, data } = FunctionCall.parse(JSON.parse(body.toString('utf8')))
  const variables = {
    WX_APPID: String(request.headers['x-wx-appid'] ?? ''),
    WX_OPENID: String(request.headers['x-wx-openid'] ?? ''),
    TCB_SOURCE: 'wx_client',
  }
  sendJson(response, 200, { result: (await runner.call(name, data, variables)) ?? null })
}

function refuse(response: ServerResponse, code: string, status: number): void {
  sendJson(response, status, {
    code,
    message: `${code}: files go through POST /wechat/uploads`,
    requestId: randomUUID(),
  })
}
