/** The HTTP access service: every request becomes an event of the one router function; and the calls of mini programs. */
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import type { Log } from '../../shared/ports/log.ts'
import { listen, type RunningServer, readBody, sendJson } from '../stack/httpServer.ts'
import { AccessResult, accessEvent, isTooLarge, MAX_BODY_BYTES } from './accessEvent.ts'
import { type CloudRunner, RunFailure } from './cloudRunner.ts'

const ROUTER = 'http'
/** What `wx.cloud.callFunction` would send over WeChat's own channel. */
const CALL_FUNCTION = '/_wx/callFunction'

const FunctionCall = z.object({ name: z.string(), data: z.unknown().optional() })

/** What the service works with. */
export interface AccessService {
  port: number
  env: string
  runner: CloudRunner
  log: Log
}

const TOO_LARGE = 'EXCEED_MAX_PAYLOAD_SIZE'

/** Starts it. Rejects with Node's error when the port is taken. */
export function startAccessService(service: AccessService): Promise<RunningServer> {
  return listen(service.port, (request, response) => {
    answer(service, request, response).catch((error: unknown) => {
      if (error instanceof RunFailure) {
        service.log.error('a function gave no answer', { error })
        return refuse(response, error.code, error.code === TOO_LARGE ? 413 : 500)
      }
      if (!request.destroyed) service.log.error('the access service failed', { error })
      response.destroy()
    })
  })
}

async function answer(service: AccessService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = URL.parse(`http://localhost${request.url ?? '/'}`) ?? new URL('http://localhost/')
  const body = await readBody(request, MAX_BODY_BYTES)
  const arrived = body && { method: request.method ?? 'GET', url, headers: flat(request.headers), body }
  if (!arrived || isTooLarge(arrived)) return refuse(response, TOO_LARGE, 413)
  if (url.pathname === CALL_FUNCTION) return callFunction(service, { request, response, body: arrived.body })
  const event = accessEvent(arrived, { env: service.env, requestId: randomUUID() })
  const result = AccessResult.parse(await service.runner.call(ROUTER, event))
  const bytes = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8')
  response.writeHead(result.statusCode, { ...result.headers, 'content-length': bytes.length }).end(bytes)
}

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

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
    message: code === TOO_LARGE ? `${code}: files go through POST /wechat/uploads` : code,
    requestId: randomUUID(),
  })
}
