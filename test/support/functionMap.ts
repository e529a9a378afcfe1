/** All functions, served as one host or another does. */
import * as functions from '../../functions/index.ts'
import type { Job, Operation } from '../../shared/core/operation.ts'
import type { PortName, Wiring } from '../../shared/core/ports.ts'

/** Every function of the service. More ports than it declares may be wired: `wire` hands out the declared ones alone. */
export const ALL = Object.values(functions) as (Operation | Job)[]

/** The operations among them. */
export const OPERATIONS = ALL.filter(each => each.kind === 'operation')

/** How a host makes an entry; public operations are served without keys. */
export interface Serving<F> {
  serve(served: Operation | Job, wiring: Wiring<PortName>): F
  serveOpen(served: Operation, wiring: Wiring<PortName>): F
}

/** The entries of a host, each made when it is wanted. */
export interface FunctionMap<F> {
  ids: readonly string[]
  /** Throws for an id that is none. */
  entryOf(id: string, wiring: Wiring<PortName>): F
}

/** The functions as `serve` and `serveOpen` of a host make them. */
export function functionMap<F>({ serve, serveOpen }: Serving<F>): FunctionMap<F> {
  return {
    ids: ALL.map(({ id }) => id),
    entryOf(id, wiring) {
      const found = ALL.find(each => each.id === id)
      if (!found) throw new Error(`no function ${id}`)
      const isOpen = found.kind === 'operation' && found.role === 'public'
      return isOpen ? serveOpen(found, wiring) : serve(found, wiring)
    },
  }
}
