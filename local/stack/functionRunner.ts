/** Runs the service's functions in this process the way Lambda does: time-outs, payload limits, asynchronous retries. */
import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Log } from '../../shared/ports/log.ts'
import type { FunctionDefinition } from './serviceDefinition.ts'

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES = 6_291_556
/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const RETRY_AFTER_MS = [60_000, 120_000]

const FunctionModule = z.object({
  main: z.custom<(event: unknown, context: RunContext) => Promise<unknown>>(value => typeof value === 'function'),
})

interface RunContext {
  awsRequestId: string
  getRemainingTimeInMillis(): number
}

/** Why a run gave no result. */
export class FunctionFailure extends Error {
  readonly kind: 'unknown' | 'too-large' | 'timeout' | 'error'

  constructor(kind: FunctionFailure['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** Runs functions by their id. */
export interface FunctionRunner {
  /** Waits for the result. Throws `FunctionFailure`. */
  call(id: string, event: unknown, requestId?: string): Promise<unknown>
  /** Accepts an event; a failing run is repeated twice, then written to `failures.jsonl` in the data directory. */
  send(id: string, event: unknown): void
  /** No retry starts any more. */
  stop(): void
}

/** What the runner needs to know. `load` imports a function's module. */
export interface RunnerOptions {
  functions: FunctionDefinition[]
  load: (id: string) => Promise<unknown>
  dataDir: string
  log: Log
}

/** A runner over the functions of the definition. */
export function functionRunner({ functions, load, dataDir, log }: RunnerOptions): FunctionRunner {
  const byId = new Map(functions.map(definition => [definition.id, definition]))
  const retries = new Set<NodeJS.Timeout>()

  const call = async (id: string, event: unknown, requestId: string = randomUUID()): Promise<unknown> => {
    const definition = byId.get(id)
    if (!definition) throw new FunctionFailure('unknown', `there is no function ${id}`)
    const { main } = FunctionModule.parse(await load(id))
    const end = Date.now() + definition.timeoutMs
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => Math.max(0, end - Date.now()) }
    return limited(id, definition.timeoutMs, () => main(event, context))
  }

  const attempt = async (id: string, event: unknown, tries: number): Promise<void> => {
    try {
      await call(id, event)
    } catch (error) {
      const pause = RETRY_AFTER_MS[tries]
      log.warn('an asynchronous run failed', { function: id, tries: tries + 1, retry_in_ms: pause ?? null, error })
      if (pause === undefined) {
        const line = JSON.stringify({ time: new Date().toISOString(), function: id, event })
        await appendFile(join(dataDir, 'failures.jsonl'), `${line}\n`).catch(cause =>
          log.error('a failed event could not be kept', { function: id, error: cause }),
        )
        return
      }
      const timer = setTimeout(() => {
        retries.delete(timer)
        void attempt(id, event, tries + 1)
      }, pause)
      retries.add(timer)
    }
  }

  return {
    call,
    send: (id, event) => void attempt(id, event, 0),
    stop: () => retries.forEach(clearTimeout),
  }
}

/** The size of an event as Lambda would count it; a body is nearly all of one. */
export const isTooLarge = (bytes: number): boolean => bytes > MAX_PAYLOAD_BYTES

async function limited<T>(id: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new FunctionFailure('timeout', `${id} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([run(), late])
  } catch (cause) {
    if (cause instanceof FunctionFailure) throw cause
    throw new FunctionFailure('error', `${id} failed`, { cause })
  } finally {
    clearTimeout(timer)
  }
}
