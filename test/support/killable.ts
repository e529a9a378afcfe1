import type { NamedPorts } from '../../shared/core/ports.ts'

/** The ports of a run that dies; all it can reach the outside with. */
export type DyingPorts = Pick<NamedPorts, 'table' | 'objects' | 'signer' | 'wechat' | 'invoker'>

/** Ports of a run that dies at one of its steps, as a frozen or killed sandbox does: nothing of it ever goes on. */
export interface Killable {
  ports: DyingPorts
  /** Resolves when the run has died. */
  died: Promise<'died'>
  /** Aborts then: its sockets close with it. For the `dies` of a run. */
  dies: AbortSignal
  /** Steps that the run has begun so far. */
  steps(): number
}

type Step = (work: () => Promise<unknown>) => Promise<unknown>

/**
 * Every call of a port is a step. The run dies at its step number `step` (from 1): `before` the outside hears of it, or
 * `after` but before the answer.
 */
export function killable(ports: DyingPorts, step: number, moment: 'before' | 'after'): Killable {
  let steps = 0
  let dead = false
  let tell: (reason: 'died') => void = () => undefined
  const died = new Promise<'died'>(resolve => {
    tell = resolve
  })
  const never = new Promise<never>(() => undefined)
  const sockets = new AbortController()
  const die = () => {
    dead = true
    sockets.abort()
    tell('died')
  }

  const stepping: Step = async work => {
    const here = ++steps
    if (here === step && moment === 'before') die()
    if (dead) return never
    const result = await work()
    if (here === step) die()
    return dead ? never : result
  }

  const { table, objects, signer, wechat, invoker } = ports
  return {
    died,
    dies: sockets.signal,
    steps: () => steps,
    ports: {
      table: stepped(table, stepping),
      objects: stepped(objects, stepping),
      signer: stepped(signer, stepping),
      invoker: stepped(invoker, stepping),
      wechat: {
        media: appId => stepped(wechat.media(appId), stepping, ['keepsImage']),
        material: appId => stepped(wechat.material(appId), stepping),
        draft: appId => stepped(wechat.draft(appId), stepping),
      },
    },
  }
}

/** The same object, each of its methods a step but those that answer at once. */
function stepped<T extends object>(target: T, step: Step, immediate: readonly PropertyKey[] = []): T {
  return new Proxy(target, {
    get(it, name) {
      const method: unknown = Reflect.get(it, name)
      if (typeof method !== 'function' || immediate.includes(name)) return method
      return (...args: unknown[]) => step(async () => Reflect.apply(method, it, args))
    },
  })
}
