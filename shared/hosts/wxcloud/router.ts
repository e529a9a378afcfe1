/**
 * One function for all operations: CloudBase's HTTP access service maps path prefixes to functions and knows neither
 * methods nor path parameters (stack.md §3). Direct calls reach it too, with the operation's id in the event.
 */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Operation } from '../../core/operation.ts'
import { problemResponse } from '../../core/problem.ts'
import { matchPath, specificity } from '../../core/route.ts'
import { env } from '../env.ts'
import { gatewayResult } from '../gateway.ts'
import { callOf, PLATFORM } from './cloudContext.ts'
import { directResult } from './directCall.ts'
import { HttpEvent } from './httpEvent.ts'
import type { CloudFunction } from './serve.ts'

/** An operation with its entry. */
export interface Routed {
  operation: Pick<Operation, 'id' | 'path' | 'method'>
  main: CloudFunction
}

const Named = z.object({ operation: z.string() })

/** The paths of all operations but three begin with it; a mapping of just this prefix may cut it off. */
const BASE_PATH = '/wechat'

/** The entry that hands each event to the operation it is for; `HTTP_PREFIX` is what the mapping adds to our paths. */
export function routed(served: readonly Routed[]): CloudFunction {
  const bySpecificity = [...served].sort((a, b) => specificity(b.operation.path) - specificity(a.operation.path))
  return async (event, context) => {
    const http = HttpEvent.safeParse(event)
    if (http.success) return overHttp(bySpecificity, http.data, context)
    const id = Named.safeParse(event).data?.operation
    const found = served.find(({ operation }) => operation.id === id)
    return found ? found.main(event, context) : directResult(refusal(noSuch('operation'), context))
  }
}

async function overHttp(served: readonly Routed[], event: HttpEvent, context: unknown): Promise<unknown> {
  const prefix = env('HTTP_PREFIX') ?? ''
  const own = event.path.startsWith(`${prefix}/`) ? event.path.slice(prefix.length) : event.path
  for (const path of [own, `${BASE_PATH}${own}`]) {
    const fitting = served.filter(({ operation }) => matchPath(operation.path, path))
    const found = fitting.find(({ operation }) => operation.method === event.httpMethod)
    if (found) return found.main({ ...event, path }, context)
    if (fitting.length > 0) return gatewayResult(refusal(wrongMethod(event, fitting), context))
  }
  return gatewayResult(refusal(noSuch('path'), context))
}

const noSuch = (what: string): AppError => new AppError('ROUTE_NOT_FOUND', `There is no such ${what}.`)

function wrongMethod({ httpMethod }: HttpEvent, fitting: readonly Routed[]): AppError {
  const allowed = fitting.map(({ operation }) => operation.method)
  return new AppError('METHOD_NOT_ALLOWED', `${httpMethod} is not a method of this path.`, { allowed })
}

const refusal = (error: AppError, context: unknown): Response =>
  problemResponse(error, callOf(context, PLATFORM).requestId)
