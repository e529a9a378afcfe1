/** The one chain every HTTP operation runs through: request id → log → errors → door → once → rule. */
import middy, { type MiddlewareObj } from '@middy/core'
import type { Table } from '../ports/table.ts'
import { accessLog } from './accessLog.ts'
import { type Entry, OPEN_ENTRY } from './enter.ts'
import { AppError, asAppError } from './errors.ts'
import type { Principal } from './grants.ts'
import type { Guards } from './guards.ts'
import type { KeptAnswer } from './idempotency.ts'
import { jsonResponse } from './jsonResponse.ts'
import type { Call, Input, Operation } from './operation.ts'
import type { AmbientPorts, PortName, PortsOf, Provider } from './ports.ts'
import { problemResponse } from './problem.ts'
import { entityTags, parseWith, queryObject, readJson } from './readInput.ts'

/** One request on its way through the chain. */
export interface Exchange {
  request: Request
  /** Path parameters as the gateway split them, decoded. */
  params: Record<string, string>
  call: Call
  /** Who calls without a key, where the platform vouches for it. */
  principal?: Principal
}

/** An operation ready to be called by a host. */
export type Endpoint = (exchange: Exchange) => Promise<Response>

/** What a host gives an operation to run with. */
export interface Door<N extends PortName> {
  ambient: Provider<AmbientPorts>
  ports: Provider<PortsOf<N>>
  /** Where keys and accounts are; a public operation has none. */
  table?: Provider<Table>
  /** `GUARDS`; a public operation has none. */
  guards?: Guards
}

/** Builds the chain around `operation`. Never throws: every failure becomes the documented shape. */
export function endpoint<N extends PortName, P, Q, B, R>(operation: Operation<N, P, Q, B, R>, door: Door<N>): Endpoint {
  const handler = middy<Exchange, Response>({ timeoutEarlyInMillis: 0 })
    .use(accessLog(operation.id, door.ambient))
    .use(problems())
    .handler(exchange => answer(operation, door, exchange))
  return async exchange => {
    const response = await handler(exchange, {})
    response.headers.set('x-request-id', exchange.call.requestId)
    return response
  }
}

/** Whether an Idempotency-Key counts: answers about accounts and keys hold secrets and are never kept (service-api.md §1). */
export const isKeyed = ({ method, role, account = 'query' }: Pick<Operation, 'method' | 'role' | 'account'>): boolean =>
  method === 'POST' && role !== 'public' && account === 'query'

async function answer<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  door: Door<N>,
  { request, params, call, principal }: Exchange,
): Promise<Response> {
  const query = queryObject(new URL(request.url))
  if (operation.role === 'public') {
    return run(operation, door, { request, params, call, query, entry: OPEN_ENTRY })
  }
  const { guards } = door
  if (!door.table || !guards) throw new Error(`${operation.id} was served without a table or guards`)
  const table = door.table()
  const ambient = door.ambient()
  const now = ambient.clock.now()
  const arrival = { headers: request.headers, params, query, now, signal: call.signal, principal }
  const entry = await guards.enter(operation, arrival, table)
  refuseMiniProgram(operation, entry, operation.miniProgram !== undefined && operation.miniProgram !== false)
  const arrived = { params, call, query, entry }
  if (!isKeyed(operation)) return run(operation, door, { request, ...arrived })
  return guards.onceOnly({
    ...{ operation: operation.id, entry, request, call, table, ambient },
    work: (again, began) => run(operation, door, { request: again, ...arrived, began }),
    refresh: kept => refreshed(operation, door, { kept, entry, call }),
  })
}

interface Arrived extends Exchange {
  query: Record<string, string>
  entry: Entry
  /** Told when the input is accepted. */
  began?: () => void
}

async function run<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  door: Door<N>,
  arrived: Arrived,
): Promise<Response> {
  const input = await readInput(operation, arrived)
  const { miniProgram } = operation
  if (typeof miniProgram === 'function') refuseMiniProgram(operation, arrived.entry, miniProgram(input))
  arrived.began?.()
  const result = await operation.run(input, door.ports(), arrived.call)
  if (result instanceof Response) return result
  const etag = operation.etag?.(result)
  const headers = new Headers(etag === undefined ? {} : { etag: `"${etag}"` })
  if (
    etag !== undefined &&
    entityTags(arrived.request.headers, 'if-none-match')?.some(tag => tag === '*' || tag === etag)
  ) {
    return new Response(null, { status: 304, headers })
  }
  return jsonResponse(result, operation.status ?? 200, headers)
}

async function readInput<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  { request, params, call, query, entry: { account, caller } }: Arrived,
): Promise<Input<P, Q, B>> {
  const { app_id: _, ...rest } = query
  const parsedParams = operation.params ? parseWith(operation.params, params, 'path') : (params as P)
  const parsedQuery = operation.query ? parseWith(operation.query, rest, 'query') : (rest as Q)
  const body = operation.read
    ? await operation.read(request, { query: parsedQuery, account }, call.signal)
    : operation.body
      ? parseWith(operation.body, await readJson(request, operation.maxBodyBytes), 'body')
      : (undefined as B)
  const ifMatch = entityTags(request.headers, 'if-match')
  return {
    ...{ appId: account.app_id, account, caller, params: parsedParams, query: parsedQuery, body },
    ...(ifMatch && { ifMatch }),
  }
}

/** A mini program has temporary media only (service-api.md §1). */
function refuseMiniProgram(
  { account = 'query', id }: Pick<Operation, 'account' | 'id'>,
  entry: Entry,
  allowed: boolean,
) {
  if (account !== 'query' || entry.account.kind !== 'mini_program' || allowed) return
  throw new AppError('NOT_FOR_MINI_PROGRAM', 'The account is a mini program, which has temporary media only.', {
    operation: id,
  })
}

/** The kept answer, with what expires in it made anew. */
async function refreshed<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  door: Door<N>,
  { kept, entry, call }: { kept: KeptAnswer; entry: Entry; call: Call },
): Promise<string> {
  if (!operation.replay) return kept.body
  const before = operation.response.parse(JSON.parse(kept.body))
  return JSON.stringify(await operation.replay(before, { appId: entry.account.app_id }, door.ports(), call))
}

const problems = (): MiddlewareObj<Exchange, Response> => ({
  onError: request => {
    request.response = problemResponse(asAppError(request.error), request.event.call.requestId)
  },
})
