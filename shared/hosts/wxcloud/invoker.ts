/** Calls among the functions of one process. */
import { AppError } from '../../core/errors.ts'
import type { Invoker } from '../../ports/invoker.ts'
import { ambient } from '../ambient.ts'
import { once } from '../once.ts'

const entries = new Map<string, (event: unknown) => Promise<unknown>>()

/** Makes a function callable by its operation id. */
export function register(id: string, main: (event: unknown) => Promise<unknown>): void {
  entries.set(id, main)
}

const entry = (id: string): ((event: unknown) => Promise<unknown>) => {
  const main = entries.get(id)
  if (!main) throw new AppError('INTERNAL', `The function ${id} is not part of this process.`)
  return main
}

/** An invoker over the registered functions; a failing `send` is logged, the sweeper being the guarantee. */
export const invoker = once(
  (): Invoker => ({
    call: (id, payload) => entry(id)(payload),
    async send(id, payload) {
      entry(id)(payload).catch(error => ambient().log.error('a function that was sent work failed', { id, error }))
    },
  }),
)
