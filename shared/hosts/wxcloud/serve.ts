/** Operations and jobs as WeChat Cloud functions: `exports.main(event, context)`. */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { timeOrderedId } from '../../core/ids.ts'
import type { Call, Job, JobEvent, Operation } from '../../core/operation.ts'
import { type Endpoint, endpoint } from '../../core/pipeline.ts'
import type { PortName, Wiring } from '../../core/ports.ts'
import { problemResponse } from '../../core/problem.ts'
import { matchPath } from '../../core/route.ts'
import { ambient } from '../ambient.ts'
import { gatewayResult } from '../gateway.ts'
import { requestIdOf } from '../requestId.ts'
import { runJob } from '../runJob.ts'
import { wire } from '../wire.ts'
import { HttpEvent, toRequest } from './httpEvent.ts'
import { register } from './invoker.ts'

/** The entry of a cloud function. */
export type CloudFunction = (event: unknown, context?: unknown) => Promise<unknown>

/** `{ Type: 'Timer' }` is how timers call (stack.md §3). */
const TimerEvent = z.object({ Type: z.literal('Timer') })
const CloudContext = z.object({ request_id: z.string().optional(), time_limit_in_ms: z.number().optional() })

/** CloudBase ends a function after 60 s at the most unless it is set up otherwise. */
const DEFAULT_LIMIT_MS = 60_000
const RESERVE_MS = 1_500

/** The entry of an operation or a job; keys and accounts come from `table`. */
export function serve<N extends PortName, P, Q, B, R>(
  served: Operation<N, P, Q, B, R> | Job<N>,
  wiring: Wiring<N | 'table'>,
): CloudFunction {
  const ports = wire(ambient, served.needs, wiring)
  if (served.kind === 'operation') return httpEntry(served, endpoint(served, { ambient, ports, table: wiring.table }))
  const main: CloudFunction = (event, context) =>
    runJob(served, { events: jobEvents(event), ports, call: callOf(context) })
  register(served.id, main)
  return main
}

/** The entry of a public operation, which needs no table. */
export function serveOpen<N extends PortName, P, Q, B, R>(
  served: Operation<N, P, Q, B, R>,
  wiring: Wiring<N>,
): CloudFunction {
  return httpEntry(served, endpoint(served, { ambient, ports: wire(ambient, served.needs, wiring) }))
}

function httpEntry({ path, method }: Pick<Operation, 'path' | 'method'>, run: Endpoint): CloudFunction {
  return async (event, context) => {
    const call = callOf(context)
    const parsed = HttpEvent.safeParse(event)
    const params = parsed.success ? matchPath(path, parsed.data.path) : undefined
    if (!parsed.success || !params) {
      return gatewayResult(problemResponse(new AppError('ROUTE_NOT_FOUND', 'There is no such path.'), call.requestId))
    }
    const request = toRequest(parsed.data)
    const requestId = requestIdOf(request.headers, parsed.data.requestContext?.requestId ?? call.requestId)
    // The access service maps paths only: every method arrives here.
    if (request.method !== method) {
      const wrong = new AppError('METHOD_NOT_ALLOWED', `This path takes ${method} only.`, { allowed: [method] })
      return gatewayResult(problemResponse(wrong, requestId))
    }
    return gatewayResult(await run({ request, params, call: { ...call, requestId } }))
  }
}

const jobEvents = (event: unknown): JobEvent[] =>
  TimerEvent.safeParse(event).success ? [{ trigger: 'schedule' }] : [{ trigger: 'call', payload: event }]

function callOf(context: unknown): Call {
  const { clock } = ambient()
  const parsed = CloudContext.safeParse(context)
  const limit = parsed.data?.time_limit_in_ms ?? DEFAULT_LIMIT_MS
  const end = clock.now() + limit
  return {
    requestId: parsed.data?.request_id ?? timeOrderedId(ambient()),
    remaining: () => end - clock.now(),
    signal: AbortSignal.timeout(Math.max(1, limit - RESERVE_MS)),
  }
}
