/** Operations and jobs as Lambda handlers. */

import { AppError } from '../../core/errors.ts'
import { GUARDS } from '../../core/guards.ts'
import type { Call, Job, Operation } from '../../core/operation.ts'
import { type Door, type Endpoint, endpoint } from '../../core/pipeline.ts'
import type { PortName, Wiring } from '../../core/ports.ts'
import { problemResponse } from '../../core/problem.ts'
import type { Log } from '../../ports/log.ts'
import { ambient } from '../ambient.ts'
import { type GatewayResult, gatewayResult } from '../gateway.ts'
import { observed } from '../observed.ts'
import { requestIdOf } from '../requestId.ts'
import { runJob } from '../runJob.ts'
import { wire } from '../wire.ts'
import { HttpEvent, pathParameters, toRequest } from './httpEvent.ts'
import { jobEvents } from './jobEvent.ts'
import { prime } from './prime.ts'

/** What is used of Lambda's context. */
export interface LambdaContext {
  awsRequestId: string
  getRemainingTimeInMillis(): number
}

/** Exactly two arguments: Node 24 on Lambda refuses handlers that take a callback. */
export interface LambdaHandler {
  (event: unknown, context: LambdaContext): Promise<unknown>
  /** Resolves when the work of INIT is done; the function's entry waits for it (scripts/writeBundles.ts). */
  primed?: Promise<void>
}

/** Kept free at the end of a run, to answer or to write an outcome down. */
const RESERVE_MS = 1_500
const REHEARSAL = { rawPath: '/', requestContext: { http: { method: 'GET' } } }
const nothing = () => undefined
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** The handler of an operation or a job; keys and accounts come from `table`. */
export function serve<N extends PortName, P, Q, B, R>(
  served: Operation<N, P, Q, B, R> | Job<N>,
  wiring: Wiring<N | 'table'>,
): LambdaHandler {
  const ports = wire(ambient, served.needs, wiring)
  if (served.kind === 'operation')
    return operationHandler(served, { ambient, ports, table: wiring.table, guards: GUARDS })
  const run: LambdaHandler = (event, context) =>
    runJob(served, { events: jobEvents(event), ports, call: callOf(context) })
  return Object.assign(run, { primed: prime({ table: wiring.table }) })
}

/** The handler of a public operation, which needs no table. */
export function serveOpen<N extends PortName, P, Q, B, R>(
  served: Operation<N, P, Q, B, R>,
  wiring: Wiring<N>,
): LambdaHandler {
  return httpHandler(observed(served, endpoint(served, { ambient, ports: wire(ambient, served.needs, wiring) })))
}

/** The rehearsal is a request without a key: the door refuses it before any store is asked. */
function operationHandler<N extends PortName, P, Q, B, R>(
  operation: Operation<N, P, Q, B, R>,
  door: Door<N>,
): LambdaHandler {
  const quiet = httpHandler(endpoint(operation, { ...door, ambient: () => ({ ...ambient(), log: SILENT }) }))
  const context = { awsRequestId: 'init', getRemainingTimeInMillis: () => RESERVE_MS }
  const primed = prime({ table: door.table, rehearse: () => quiet(REHEARSAL, context) })
  return Object.assign(httpHandler(observed(operation, endpoint(operation, door))), { primed })
}

function httpHandler(run: Endpoint): LambdaHandler {
  return async (event, context): Promise<GatewayResult> => {
    const call = callOf(context)
    const parsed = HttpEvent.safeParse(event)
    if (!parsed.success) {
      return gatewayResult(problemResponse(new AppError('INVALID_REQUEST', 'This is no HTTP event.'), call.requestId))
    }
    const request = toRequest(parsed.data)
    const requestId = requestIdOf(request.headers, call.requestId)
    return gatewayResult(await run({ request, params: pathParameters(parsed.data), call: { ...call, requestId } }))
  }
}

const callOf = (context: LambdaContext): Call => ({
  requestId: context.awsRequestId,
  remaining: () => context.getRemainingTimeInMillis(),
  signal: AbortSignal.timeout(Math.max(1, Math.floor(context.getRemainingTimeInMillis() - RESERVE_MS))),
})
