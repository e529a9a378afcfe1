/** The local API gateway: HTTP requests in, payload 2.0 events to the functions, their results out. */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { AppError } from '../../shared/core/errors.ts'
import { problemResponse } from '../../shared/core/problem.ts'
import { matchPath, specificity } from '../../shared/core/route.ts'
import { type GatewayResult, gatewayResult } from '../../shared/hosts/gateway.ts'
import { isTextual } from '../../shared/hosts/textual.ts'
import type { Log } from '../../shared/ports/log.ts'
import { FunctionFailure, type FunctionRunner, isTooLarge } from './functionRunner.ts'
import { listen, type RunningServer, readBody } from './httpServer.ts'
import type { FunctionDefinition } from './serviceDefinition.ts'

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_BODY_BYTES = 10 * 1024 * 1024
/** What an event has around its body. */
const EVENT_OVERHEAD_BYTES = 16 * 1024

const Result = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
})

interface Route {
  id: string
  method: string
  path: string
}

/** What the gateway works with. */
export interface GatewayOptions {
  port: number
  functions: FunctionDefinition[]
  runner: FunctionRunner
  log: Log
}

/** Starts the gateway. Rejects with Node's error when the port is taken. */
export function startGateway({ port, functions, runner, log }: GatewayOptions): Promise<RunningServer> {
  const routes = functions
    .flatMap(({ id, routes: own }) => own.map(({ method, path }): Route => ({ id, method, path })))
    .sort((a, b) => specificity(b.path) - specificity(a.path))
  return listen(port, (request, response) => {
    answer({ routes, runner, log }, request)
      .then(result => send(response, result))
      .catch((error: unknown) => {
        if (!request.destroyed) log.error('the gateway failed', { error })
        response.destroy()
      })
  })
}

interface Gateway {
  routes: Route[]
  runner: FunctionRunner
  log: Log
}

async function answer({ routes, runner, log }: Gateway, request: IncomingMessage): Promise<GatewayResult> {
  const requestId = randomUUID()
  // A path like `//` is no URL to the parser; it is no path of ours either.
  const url = URL.parse(`http://localhost${request.url ?? '/'}`) ?? new URL('http://localhost/')
  const found = route(routes, request.method ?? 'GET', url.pathname)
  const body = await readBody(request, MAX_BODY_BYTES)
  if (found instanceof AppError) return refuse(found, requestId)
  // Bytes that are no UTF-8 stay bytes, so that the operation can refuse them.
  const text = isTextual(request.headers['content-type'] ?? null) && (body === undefined || isUtf8(body))
  const encoded = body?.toString(text ? 'utf8' : 'base64')
  if (!body || encoded === undefined || isTooLarge(encoded.length + EVENT_OVERHEAD_BYTES))
    return refuse(tooLarge(), requestId)
  const event = httpEvent({ request, url, requestId, found, encoded, text })
  try {
    return Result.parse(await runner.call(found.id, event, requestId))
  } catch (error) {
    log.error('a function gave no answer', { function: found.id, request_id: requestId, error })
    const late = error instanceof FunctionFailure && error.kind === 'timeout'
    const problem = late
      ? new AppError('OUT_OF_TIME', 'The function did not answer in time.')
      : new AppError('INTERNAL', 'Something went wrong inside the service.')
    return refuse(problem, requestId)
  }
}

interface Found extends Route {
  params: Record<string, string>
}

function route(routes: Route[], method: string, pathname: string): Found | AppError {
  let known = false
  for (const candidate of routes) {
    const params = matchPath(candidate.path, pathname)
    if (!params) continue
    if (candidate.method === method) return { ...candidate, params }
    known = true
  }
  return known
    ? new AppError('METHOD_NOT_ALLOWED', `${method} is not a method of this path.`)
    : new AppError('ROUTE_NOT_FOUND', 'There is no such path.')
}

interface Arrived {
  request: IncomingMessage
  url: URL
  requestId: string
  found: Found
  encoded: string
  text: boolean
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function httpEvent({ request, url, requestId, found, encoded, text }: Arrived): unknown {
  const routeKey = `${found.method} ${found.path}`
  const now = new Date()
  return {
    version: '2.0',
    routeKey,
    rawPath: decodeURIComponent(url.pathname),
    rawQueryString: url.search.slice(1),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(',')]),
    ),
    ...(url.search.length > 1 && { queryStringParameters: Object.fromEntries(url.searchParams) }),
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: request.headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method,
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(found.params).length > 0 && { pathParameters: found.params }),
    ...(encoded !== '' && { body: encoded }),
    isBase64Encoded: encoded !== '' && !text,
  }
}

const tooLarge = (): AppError =>
  new AppError('BODY_TOO_LARGE', 'The body is too large for the gateway; send files through POST /wechat/uploads.', {
    use: 'POST /wechat/uploads',
  })

/** Failures of the gateway itself have the documented shape too. */
function refuse(error: AppError, requestId: string): Promise<GatewayResult> {
  const response = problemResponse(error, requestId)
  response.headers.set('x-request-id', requestId)
  return gatewayResult(response)
}

function send(response: ServerResponse, result: GatewayResult): void {
  const bytes = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8')
  response.writeHead(result.statusCode, { ...result.headers, 'content-length': bytes.length }).end(bytes)
}
