/** A process that does what Lambda does: it loads a function's file, then calls it. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

interface FunctionModule {
  main: {
    (event: unknown, context: { awsRequestId: string; getRemainingTimeInMillis(): number }): Promise<unknown>
    primed?: Promise<void>
  }
}

/** Its actions. */
export type ProbeActions = Awaited<ReturnType<typeof start>>

/** Loads `file`; that is INIT. */
export async function start({ file }: { file: string }) {
  const began = performance.now()
  const isCommon = file.endsWith('.cjs')
  const loaded: FunctionModule = isCommon ? createRequire(file)(file) : await import(pathToFileURL(file).href)
  await loaded.main.primed
  const initMs = performance.now() - began
  return {
    facts: () => ({ initMs }),
    invoke: (event: unknown) => loaded.main(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => 29_000 }),
  }
}
