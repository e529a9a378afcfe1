/**
 * A service whose surroundings fail: outages of WeChat (its token call included), of the table, of the objects and of the
 * calls between functions; throttling and lost answers between them; work that is lost or done twice; runs that die.
 */
import { refreshToken } from '../../functions/refreshToken.ts'
import { AppError } from '../../shared/core/errors.ts'
import type { Job } from '../../shared/core/operation.ts'
import type { NamedPorts, PortName } from '../../shared/core/ports.ts'
import { callQuotas } from '../../shared/domain/quotas/callQuotas.ts'
import { REFRESHER, tokenReader } from '../../shared/domain/tokens/tokenReader.ts'
import type { Invoker } from '../../shared/ports/invoker.ts'
import { tokenClient, weChatClient } from '../../shared/wechat/client.ts'
import { secretCredentials } from '../../shared/wechat/credentials.ts'
import type { Transport } from '../../shared/wechat/transportPort.ts'
import { CALM, type FaultRates, faultyPorts } from '../support/faultyPorts.ts'
import { killable } from '../support/killable.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { recordedObjects } from '../support/temporary.ts'
import type { World } from '../support/world.ts'
import type { Struck } from './faultCounts.ts'

/** What can be away. */
export type Part = 'WeChat' | 'table' | 'objects' | 'invoker'

/** A time in which a part of the surroundings cannot be reached, ms. */
export interface Outage {
  of: Part
  from: number
  until: number
}

/** How likely things go wrong. */
export interface Storm {
  seed: number
  outages: readonly Outage[]
  rates: Partial<FaultRates>
  /** Of a run: to die at one of its first steps. */
  death: number
  jobs: Readonly<Record<string, Job<PortName>>>
}

/** The service in its storm. */
export interface StormyService {
  ports: NamedPorts
  /** Runs `work` with ports under which it may die; `undefined` when it did, or failed. */
  mayDie<T>(work: (ports: NamedPorts) => Promise<T>): Promise<T | undefined>
  /** Waits for work that functions handed to each other. */
  settled(): Promise<void>
  /** Ends all faults but the outages. */
  calm(): void
  /** Keys of objects that are there. */
  keys(): Promise<string[]>
  isDown(part: Part): boolean
  /** Runs that died so far, and refusals of what is away. */
  struck: Struck
}

const MAX_STEPS = 40

/** Puts a service into a storm. */
export function stormyService(service: World, { seed, outages, rates, death, jobs }: Storm): StormyService {
  const { clock } = service
  const { random, log, metrics } = service.ports
  const chance = seededRandom(seed * 31 + 5)
  let mortality = death
  const counts = { deaths: 0, refused: 0 }
  const isDown = (part: Part) =>
    outages.some(({ of, from, until }) => of === part && from <= clock.now() && clock.now() < until)
  const { objects, keys } = recordedObjects(service)
  const refuse = (part: Part, code: 'STORE_UNAVAILABLE' | 'WECHAT_UNREACHABLE') => () => {
    if (!isDown(part)) return
    counts.refused++
    throw new AppError(code, 'It cannot be reached.')
  }
  const background = new Set<Promise<unknown>>()
  const send = (id: string, payload: unknown): void => {
    const job = jobs[id]
    if (!job) return
    const event = { trigger: 'call', payload: structuredClone(payload) } as const
    const work = mayDie(own => service.run(job, event, { ports: own })).finally(() => background.delete(work))
    background.add(work)
  }
  const invoker: Invoker = {
    // A renewal of the token has no ports of the caller.
    call: async (id, payload) =>
      id === REFRESHER
        ? service.run(refreshToken, { trigger: 'call', payload: structuredClone(payload) }, { ports: refresher })
        : service.invoker.call(id, payload),
    send: async (id, payload) => send(id, payload),
  }
  const faulty = faultyPorts({ table: service.table, objects, invoker }, seededRandom(seed), rates)
  const store = {
    table: gated(faulty.ports.table, refuse('table', 'STORE_UNAVAILABLE')),
    objects: gated(faulty.ports.objects, refuse('objects', 'STORE_UNAVAILABLE')),
    invoker: gated(faulty.ports.invoker, refuse('invoker', 'STORE_UNAVAILABLE')),
  }
  const transport: Transport = gated(service.transport, refuse('WeChat', 'WECHAT_UNREACHABLE'))
  const credentials = secretCredentials(tokenClient({ transport, clock }))
  const refresher = { table: store.table, credentials }
  const client = weChatClient({
    transport,
    tokens: tokenReader({ ...store, clock, random, log }),
    quotas: callQuotas({ table: store.table, clock, log, metrics }),
    clock,
    random,
  })
  // Of an outage's calls one in six goes as far as the wire, with its three tries; the rest costs the simulation nothing.
  const mostly = () => {
    if (isDown('WeChat') && chance.fraction() > 1 / 6) refuse('WeChat', 'WECHAT_UNREACHABLE')()
  }
  const wechat = { ...client, media: (appId: string) => gated(client.media(appId), mostly, ['keepsImage']) }
  const ports: NamedPorts = { ...service.ports, ...store, credentials, wechat }

  const mayDie = async <T>(work: (own: NamedPorts) => Promise<T>): Promise<T | undefined> => {
    const nothing = () => undefined
    if (chance.fraction() >= mortality) return work(ports).catch(nothing)
    const step = 1 + Math.floor(chance.fraction() * MAX_STEPS)
    const dying = killable(ports, step, chance.fraction() < 0.5 ? 'before' : 'after')
    const end = await Promise.race([dying.died, work({ ...ports, ...dying.ports }).catch(nothing)])
    if (end !== 'died') return end
    counts.deaths++
    return undefined
  }

  return {
    ports,
    mayDie,
    async settled() {
      while (background.size > 0) await service.drive(Promise.all(background))
    },
    calm() {
      Object.assign(faulty.rates, CALM)
      mortality = 0
    },
    keys,
    isDown,
    get struck() {
      return { ...faulty.struck, ...counts }
    },
  }
}

/** The same object; each of its methods begins with `check`, which may throw, but those that answer at once. */
function gated<T extends object>(target: T, check: () => void, immediate: readonly PropertyKey[] = []): T {
  return new Proxy(target, {
    get(it, name) {
      const method: unknown = Reflect.get(it, name)
      if (typeof method !== 'function' || immediate.includes(name)) return method
      return async (...args: unknown[]) => {
        check()
        return Reflect.apply(method, it, args)
      }
    },
  })
}
