/** Actors: the contestants and stand-ins, each in its own process, so that CPU time and memory are theirs alone. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ENTRY_FLAGS } from '../../scripts/writeBundles.ts'
import type { Actions, Measurement } from './actorPort.ts'
import { bundled, FUNCTION_ENV, FUNCTION_FLAGS } from './bundled.ts'
import { tlsIdentity } from './tlsIdentity.ts'

const MAIN = fileURLToPath(new URL('actorMain.ts', import.meta.url))
const CLOSE_LIMIT_MS = 5_000

/** A running actor, by the names of its actions. */
export interface Actor<A extends Actions> {
  pid: number
  /** Runs an action. Rejects with what it threw. */
  call<K extends keyof A & string>(action: K, ...argument: Parameters<A[K]>): Promise<Awaited<ReturnType<A[K]>>>
  /** The same, with what it cost the actor's process in time. */
  measure<K extends keyof A & string>(action: K, ...argument: Parameters<A[K]>): Promise<Measurement>
  /** The same, with what it took of memory above what was held before; its CPU time is not to be used. */
  measureMemory<K extends keyof A & string>(action: K, ...argument: Parameters<A[K]>): Promise<Measurement>
  close(): Promise<void>
}

/** How an actor is started. */
export interface ActorOptions {
  env?: Record<string, string>
  /** Bundle it first with the options of a deployed function, and run it under the flags of one. */
  asFunction?: boolean
  /** Further flags for Node. */
  flags?: readonly string[]
  /** What a function's entry says to V8 before anything is loaded; `ENTRY_FLAGS` when it is bundled. */
  entryFlags?: readonly string[]
  /** The host that `#host` means when it is not bundled. */
  condition?: 'local'
}

/** Starts the actor in `bench/<file>`; its module exports `start(settings)`, which answers its {@link Actions}. */
export async function startActor<A extends Actions, S>(
  file: string,
  settings: S,
  {
    env = {},
    asFunction = false,
    flags = [],
    entryFlags = asFunction ? ENTRY_FLAGS : [],
    condition,
  }: ActorOptions = {},
): Promise<Actor<A>> {
  const module = asFunction ? await bundled(file) : fileURLToPath(new URL(`../${file}`, import.meta.url))
  const child = fork(MAIN, [module, JSON.stringify(settings), ...entryFlags], {
    execArgv: [
      ...(condition === undefined ? [] : [`--conditions=${condition}`]),
      '--expose-gc',
      ...(asFunction ? FUNCTION_FLAGS : []),
      ...flags,
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=DeprecationWarning',
    ],
    env: {
      ...withoutSettings(process.env),
      NODE_EXTRA_CA_CERTS: tlsIdentity().certFile,
      ...(asFunction ? FUNCTION_ENV : {}),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, PromiseWithResolvers<Measurement>>()
  const ready = Promise.withResolvers<void>()
  child.on('message', (message: Reply) => {
    if ('ready' in message) return ready.resolve()
    const call = waiting.get(message.id)
    waiting.delete(message.id)
    if ('error' in message) call?.reject(new Error(`${file}: ${message.error}`))
    else call?.resolve(message.measurement)
  })
  child.once('exit', code => {
    const gone = new Error(`${file} ended with code ${code}`)
    ready.reject(gone)
    for (const call of waiting.values()) call.reject(gone)
  })
  await ready.promise
  let last = 0
  const send = (action: string, argument: unknown, collect: boolean): Promise<Measurement> => {
    const call = Promise.withResolvers<Measurement>()
    waiting.set(++last, call)
    child.send({ id: last, action, argument, collect })
    return call.promise
  }
  return {
    pid: child.pid ?? 0,
    measure: (action, ...[argument]) => send(action, argument, false),
    measureMemory: (action, ...[argument]) => send(action, argument, true),
    call: async (action, ...[argument]) => (await send(action, argument, false)).value as never,
    close: () => ended(child),
  }
}

type Reply = { ready: true } | { id: number; error: string } | { id: number; measurement: Measurement }

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  const force = setTimeout(() => child.kill('SIGKILL'), CLOSE_LIMIT_MS)
  child.disconnect()
  await exit
  clearTimeout(force)
}

/** What the operator's shell says about stores and proxies must not reach a contestant. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^AWS_|_proxy$|^NODE_/i.test(name)))
}
