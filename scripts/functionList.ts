/** The functions of functions/index.ts, as facts that need no types. */
import * as exported from '../functions/index.ts'

/** What the scripts and the registry test know of a function. */
export interface FunctionFacts {
  id: string
  kind: 'operation' | 'job'
  /** The ports that its last line wires, `table` included where keys and accounts are read. */
  ports: readonly string[]
}

/** Every function, sorted by id. */
export const FUNCTIONS: readonly FunctionFacts[] = Object.values(exported)
  .map(served => ({
    id: served.id,
    kind: served.kind,
    ports: [...new Set([...served.needs, ...(isPublic(served) ? [] : ['table'])])].sort(),
  }))
  .sort((a, b) => (a.id < b.id ? -1 : 1))

function isPublic(served: { kind: string; role?: string }): boolean {
  return served.kind === 'operation' && served.role === 'public'
}
