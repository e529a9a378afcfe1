/** Runs the packaged functions in this process as the platform does: `require(fn).main(event, context)`, time-outs, variables. */
import { randomUUID } from 'node:crypto'
import type { PackagedFunction } from './packaged.ts'

/** https://docs.cloudbase.net/cloud-function: an event may have 6 MB. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024
const MEMORY_MB = 256

/** Why a run gave no result; the codes are the platform's. */
export class RunFailure extends Error {
  readonly code:
    | 'FUNCTION_NOT_FOUND'
    | 'FUNCTIONS_TIME_LIMIT_EXCEEDED'
    | 'FUNCTIONS_EXECUTE_FAIL'
    | 'EXCEED_MAX_PAYLOAD_SIZE'

  constructor(code: RunFailure['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Runs functions by their id. */
export interface CloudRunner {
  /** Waits for the result; `variables` are those of the run alone. Throws `RunFailure`. */
  call(id: string, event: unknown, variables?: Record<string, string>): Promise<unknown>
}

/** A runner over the package. */
export function cloudRunner(functions: readonly PackagedFunction[], env: string): CloudRunner {
  const byId = new Map(functions.map(each => [each.id, each]))
  return {
    async call(id, event, variables = {}) {
      const found = byId.get(id)
      if (!found) throw new RunFailure('FUNCTION_NOT_FOUND', `there is no function ${id}`)
      // An event travels as JSON: what cannot be written does not arrive.
      const text = JSON.stringify(event ?? {})
      if (Buffer.byteLength(text) > MAX_EVENT_BYTES)
        throw new RunFailure('EXCEED_MAX_PAYLOAD_SIZE', 'the event is too large')
      const context = {
        request_id: randomUUID(),
        time_limit_in_ms: found.timeoutMs,
        memory_limit_in_mb: MEMORY_MB,
        function_name: id,
        function_version: '$LATEST',
        namespace: env,
        environment: JSON.stringify({ TCB_ENV: env, ...variables }),
      }
      return limited(found, () => found.load()(JSON.parse(text), context))
    },
  }
}

async function limited<T>({ id, timeoutMs }: PackagedFunction, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const failure = new RunFailure('FUNCTIONS_TIME_LIMIT_EXCEEDED', `${id} took longer than ${timeoutMs} ms`)
    timer = setTimeout(() => reject(failure), timeoutMs)
  })
  try {
    return await Promise.race([run(), late])
  } catch (cause) {
    if (cause instanceof RunFailure) throw cause
    throw new RunFailure('FUNCTIONS_EXECUTE_FAIL', `${id} failed`, { cause })
  } finally {
    clearTimeout(timer)
  }
}
