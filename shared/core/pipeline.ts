/** The one chain every HTTP operation runs through: request id → log → errors → door → rule. */
import middy, { type MiddlewareObj } from '@middy/core'
import * as z from 'zod'
import type { Table } from '../ports/table.ts'
import { type Account, AppId, readAccount } from './account.ts'
import { AppError, asAppError } from './errors.ts'
import { authenticate, authorize, presentedKey } from './keys.ts'
import type { Call, Input, Operation } from './operation.ts'
import type { AmbientPorts, PortName, PortsOf, Provider } from './ports.ts'
import { problemResponse } from './problem.ts'
import { parseWith, queryObject, readJson } from './readInput.ts'

/** One request on its way through the chain. */
export interface Exchange {
  request: Request
  /** Path parameters as the gateway split them, decoded. */
  params: Record<string, string>
  call: Call
}

/** An operation ready to be called by a host. */
export type Endpoint = (exchange: Exchange) => Promise<Response>

/** What a host gives an operation to run with. */
export interface Door<N extends PortName> {
  ambient: Provider<AmbientPorts>
  ports: Provider<PortsOf<N>>
  /** Where keys and accounts are; a public operation has none. */
  table?: Provider<Table>
}

const NO_ACCOUNT: Account = {
  app_id: '',
  name: '',
  kind: 'official',
  articles: 'draft',
  limits: 'current',
  credential: 'stable_token',
}

const AccountQuery = z.object({ app_id: AppId })

/** Builds the chain around `operation`. Never throws: every failure becomes the documented shape. */
export function endpoint<N extends PortName, P, Q, B, R>(operation: Operation<N, P, Q, B, R>, door: Door<N>): Endpoint {
  const handler = middy<Exchange, Response>({ timeoutEarlyInMillis: 0 })
    .use(accessLog(operation.id, door.ambient))
    .use(problems())
    .handler(async exchange => {
      const url = new URL(exchange.request.url)
      const query = queryObject(url)
      const account = operation.role === 'public' ? NO_ACCOUNT : await enter(operation, { exchange, door, query })
      const input = await readInput(operation, { exchange, query, account })
      const result = await operation.run(input, door.ports(), exchange.call)
      return result instanceof Response ? result : Response.json(result, { status: operation.status ?? 200 })
    })
  return async exchange => {
    const response = await handler(exchange, {})
    response.headers.set('x-request-id', exchange.call.requestId)
    return response
  }
}

interface Arrival {
  exchange: Exchange
  query: Record<string, string>
}

/** Key, then grant, then account: who may not ask does not learn which accounts exist. */
async function enter<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  { exchange, door, query }: Arrival & { door: Door<N> },
): Promise<Account> {
  if (!door.table || operation.role === 'public') throw new Error(`${operation.id} was served without a table`)
  const table = door.table()
  const { clock } = door.ambient()
  const key = await authenticate(presentedKey(exchange.request.headers), table, clock.now())
  const named = AccountQuery.safeParse(query)
  if (!named.success) {
    throw new AppError('INVALID_APP_ID', 'The query must name the account: ?app_id=wx and 16 letters or digits.')
  }
  authorize(key, operation.role, named.data.app_id)
  const { sealed_secret: _, ...account } = await readAccount(table, named.data.app_id, exchange.call.signal)
  return account
}

async function readInput<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  { exchange, query, account }: Arrival & { account: Account },
): Promise<Input<P, Q, B>> {
  const { app_id: _, ...rest } = query
  const params = operation.params ? parseWith(operation.params, exchange.params, 'path') : (exchange.params as P)
  const parsedQuery = operation.query ? parseWith(operation.query, rest, 'query') : (rest as Q)
  const body = operation.read
    ? await operation.read(exchange.request, { query: parsedQuery, account }, exchange.call.signal)
    : operation.body
      ? parseWith(operation.body, await readJson(exchange.request), 'body')
      : (undefined as B)
  return { appId: account.app_id, account, params, query: parsedQuery, body }
}

const problems = (): MiddlewareObj<Exchange, Response> => ({
  onError: request => {
    request.response = problemResponse(asAppError(request.error), request.event.call.requestId)
  },
})

/** One line per call; the error with its cause goes here and nowhere else. */
function accessLog(operationId: string, ambient: Provider<AmbientPorts>): MiddlewareObj<Exchange, Response> {
  const started = new WeakMap<Exchange, number>()
  const line = (exchange: Exchange, status: number, error?: unknown) => {
    const { clock, log } = ambient()
    const url = new URL(exchange.request.url)
    const fields = {
      operation: operationId,
      app_id: url.searchParams.get('app_id') ?? undefined,
      request_id: exchange.call.requestId,
      status,
      duration_ms: clock.now() - (started.get(exchange) ?? clock.now()),
      ...(error !== undefined && { error }),
    }
    if (status >= 500) log.error('request failed', fields)
    else log.info('request', fields)
  }
  return {
    before: ({ event }) => {
      started.set(event, ambient().clock.now())
    },
    after: ({ event, response }) => line(event, response?.status ?? 200),
    onError: ({ event, response, error }) => line(event, response?.status ?? 500, error),
  }
}
