/** The source of WeChat Cloud's router function: every operation with its entry, in one list. */
import type { Plugin } from 'esbuild'
import type { FunctionFacts } from './functionList.ts'

/** The router's id; HTTP access services lead to it. */
export const ROUTER = 'http'

/** Its entry point. */
export const ROUTER_ENTRY = `router:${ROUTER}`

/** The router over the operations of `functions`, as facts. */
export function routerFacts(functions: readonly FunctionFacts[]): FunctionFacts {
  const ports = functions.filter(({ kind }) => kind === 'operation').flatMap(facts => facts.ports)
  return { id: ROUTER, kind: 'operation', ports: [...new Set(ports)].sort() }
}

/** Gives esbuild the source behind {@link ROUTER_ENTRY}; files are found below `root`. */
export const routerEntry = (root: string, functions: readonly FunctionFacts[]): Plugin => ({
  name: 'router-entry',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${ROUTER_ENTRY}$`) }, () => ({ path: ROUTER, namespace: 'router' }))
    onLoad({ filter: /./, namespace: 'router' }, () => ({
      contents: source(functions),
      loader: 'ts',
      resolveDir: root,
    }))
  },
})

function source(functions: readonly FunctionFacts[]): string {
  const operations = functions.filter(({ kind }) => kind === 'operation').map(({ id }) => id)
  return [
    "import { routed } from './shared/hosts/wxcloud/router.ts'",
    ...operations.map(id => `import { ${id}, main as ${id}Main } from './functions/${id}.ts'`),
    `export const main = routed([${operations.map(id => `{ operation: ${id}, main: ${id}Main }`).join(', ')}])`,
  ].join('\n')
}
