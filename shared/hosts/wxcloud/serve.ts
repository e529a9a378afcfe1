/** Operations and jobs as WeChat Cloud functions: `exports.main(event, context)`. */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Principal } from '../../core/grants.ts'
import { GUARDS } from '../../core/guards.ts'
import type { Call, Job, JobEvent, Operation } from '../../core/operation.ts'
import { type Endpoint, endpoint } from '../../core/pipeline.ts'
import type { PortName, Wiring } from '../../core/ports.ts'
import { problemResponse } from '../../core/problem.ts'
import { matchPath } from '../../core/route.ts'
import { gatewayResult } from '../gateway.ts'
import { observed } from '../observed.ts'
import { requestIdOf } from '../requestId.ts'
import { runJob } from '../runJob.ts'
import { wire } from '../wire.ts'
import { type CloudProcess, callOf, cloudUser, isFromClient, PLATFORM, runVariables } from './cloudContext.ts'
import { noteCloudToken } from './cloudToken.ts'
import { DirectCall, directRequest, directResult } from './directCall.ts'
import { HttpEvent, toRequest } from './httpEvent.ts'

/** The entry of a cloud function. */
export type CloudFunction = (event: unknown, context?: unknown) => Promise<unknown>

/** `{ Type: 'Timer' }` is how timers call (stack.md §3). */
const TimerEvent = z.object({ Type: z.literal('Timer') })

/** The entry of an operation or a job; keys, grants and accounts come from `table`. */
export function serve<N extends PortName, P, Q, B, R>(
  served: Operation<N, P, Q, B, R> | Job<N>,
  wiring: Wiring<N | 'table'>,
  process = PLATFORM,
): CloudFunction {
  const { ambient } = process
  const ports = wire(ambient, served.needs, wiring)
  if (served.kind === 'operation') {
    const door = { ambient, ports, table: wiring.table, guards: GUARDS }
    return entry(served, observed(served, endpoint(served, door)), process)
  }
  return async (event, context) => {
    const variables = runVariables(context)
    // A client may send any event, that of a timer too: jobs are not for clients.
    if (isFromClient(variables)) throw new AppError('FORBIDDEN', 'This function is not for clients.')
    noteCloudToken(variables)
    return runJob(served, { events: jobEvents(event), ports, call: callOf(context, process) })
  }
}

/** The entry of a public operation, which needs no table. */
export function serveOpen<N extends PortName, P, Q, B, R>(
  served: Operation<N, P, Q, B, R>,
  wiring: Wiring<N>,
  process = PLATFORM,
): CloudFunction {
  const { ambient } = process
  const run = endpoint(served, { ambient, ports: wire(ambient, served.needs, wiring) })
  return entry(served, observed(served, run), process)
}

/** What the entry of an operation knows of it. */
type Route = Pick<Operation, 'path' | 'method'>

/** A user of a mini program calls directly, whatever the event looks like. */
function entry(operation: Route, run: Endpoint, process: CloudProcess): CloudFunction {
  return async (event, context) => {
    const variables = runVariables(context)
    noteCloudToken(variables)
    const call = callOf(context, process)
    const http = HttpEvent.safeParse(event)
    if (http.success && !cloudUser(variables)) return overHttp(operation, run, http.data, call)
    return directly(operation, run, { event, call, user: cloudUser(variables) })
  }
}

async function overHttp({ path, method }: Route, run: Endpoint, event: HttpEvent, call: Call): Promise<unknown> {
  const request = toRequest(event)
  const requestId = requestIdOf(request.headers, event.requestContext?.requestId ?? call.requestId)
  const params = matchPath(path, event.path)
  if (!params) return refuse(new AppError('ROUTE_NOT_FOUND', 'There is no such path.'), requestId)
  // The access service maps paths only: every method arrives here.
  if (request.method !== method) {
    return refuse(
      new AppError('METHOD_NOT_ALLOWED', `This path takes ${method} only.`, { allowed: [method] }),
      requestId,
    )
  }
  noteCloudToken({}, request.headers)
  return gatewayResult(await run({ request, params, call: { ...call, requestId } }))
}

async function directly(
  operation: Route,
  run: Endpoint,
  { event, call, user }: { event: unknown; call: Call; user: Principal | undefined },
): Promise<unknown> {
  const parsed = DirectCall.safeParse(event ?? {})
  if (!parsed.success) {
    return directResult(problemResponse(new AppError('INVALID_REQUEST', 'This is no call.'), call.requestId))
  }
  const request = directRequest(operation, parsed.data)
  const { params } = parsed.data
  return directResult(await run({ request, params, call, ...(user && { principal: user }) }))
}

const refuse = (error: AppError, requestId: string): Promise<unknown> =>
  gatewayResult(problemResponse(error, requestId))

const jobEvents = (event: unknown): JobEvent[] =>
  TimerEvent.safeParse(event).success ? [{ trigger: 'schedule' }] : [{ trigger: 'call', payload: event }]
