/** Stores and calls that fail by chance, the way AWS fails: the same seed, the same faults. */
import { Readable } from 'node:stream'
import { AppError } from '../../shared/core/errors.ts'
import type { NamedPorts } from '../../shared/core/ports.ts'
import type { OpenObject } from '../../shared/ports/objectStore.ts'
import type { Random } from '../../shared/ports/random.ts'

/** How often each fault strikes, from 0 to 1. */
export interface FaultRates {
  /** A read or write of the table is throttled: nothing happened. */
  throttled: number
  /** A write of the table happened, and its answer was lost. */
  appliedButFailed: number
  /** The due-time index does not show a row yet. */
  dueHidden: number
  /** The object store answers 503. */
  slowDown: number
  /** An object's body breaks off half-way. */
  brokenBody: number
  /** Work handed to another function is lost. */
  sendLost: number
  /** Work handed to another function is done twice. */
  sendDoubled: number
}

/** No fault at all. */
export const CALM: Readonly<FaultRates> = {
  throttled: 0,
  appliedButFailed: 0,
  dueHidden: 0,
  slowDown: 0,
  brokenBody: 0,
  sendLost: 0,
  sendDoubled: 0,
}

/** The ports that can fail. */
export type FaultyNamedPorts = Pick<NamedPorts, 'table' | 'objects' | 'invoker'>

/** Ports with faults. */
export interface FaultyPorts {
  ports: FaultyNamedPorts
  /** Takes effect with the next call; `CALM` ends all faults. */
  rates: FaultRates
  /** How often each fault struck so far. */
  struck: FaultRates
}

/** Wraps the ports; `random` should be its own, so that the faults of a seed do not depend on anything else. */
export function faultyPorts(ports: FaultyNamedPorts, random: Random, rates: Partial<FaultRates> = {}): FaultyPorts {
  const it: FaultyPorts = { ports, rates: { ...CALM, ...rates }, struck: { ...CALM } }
  const strikes = (fault: keyof FaultRates): boolean => {
    // Asked even at a rate of 0: ending one fault must not move the others.
    if (random.fraction() >= it.rates[fault]) return false
    it.struck[fault]++
    return true
  }
  const throttle = () => {
    if (strikes('throttled')) throw unavailable('The table is not reachable.')
  }
  const slowDown = () => {
    if (strikes('slowDown')) throw unavailable('The object store cannot be reached.')
  }
  const { table, objects, invoker } = ports
  it.ports = {
    table: {
      async get(key, signal) {
        throttle()
        return table.get(key, signal)
      },
      async put(draft, expected, signal) {
        throttle()
        const result = await table.put(draft, expected, signal)
        if (strikes('appliedButFailed')) throw unavailable('The table is not reachable.')
        return result
      },
      async remove(key, expected, signal) {
        throttle()
        const removed = await table.remove(key, expected, signal)
        if (strikes('appliedButFailed')) throw unavailable('The table is not reachable.')
        return removed
      },
      async list(pk, query, signal) {
        throttle()
        return table.list(pk, query, signal)
      },
      async due(queue, until, limit, signal) {
        throttle()
        const rows = await table.due(queue, until, limit, signal)
        return rows.filter(() => !strikes('dueHidden'))
      },
    },
    objects: {
      async head(key, signal) {
        slowDown()
        return objects.head(key, signal)
      },
      async read(key, options) {
        slowDown()
        const object = await objects.read(key, options)
        return object && strikes('brokenBody') ? broken(object) : object
      },
      async write(key, body, options) {
        slowDown()
        return objects.write(key, body, options)
      },
      async describe(key, facts) {
        slowDown()
        return objects.describe(key, facts)
      },
      async remove(key, signal) {
        slowDown()
        return objects.remove(key, signal)
      },
    },
    invoker: {
      call: invoker.call,
      async send(id, payload, signal) {
        if (strikes('sendLost')) return
        if (strikes('sendDoubled')) await invoker.send(id, payload, signal)
        await invoker.send(id, payload, signal)
      },
    },
  }
  return it
}

/** The same facts, and half of the bytes. */
export function broken(object: OpenObject): OpenObject {
  async function* half(): AsyncGenerator<Uint8Array> {
    let left = Math.floor(object.size / 2)
    for await (const chunk of object.body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('an object is made of bytes')
      yield chunk.subarray(0, left)
      left -= chunk.length
      if (left <= 0) break
    }
    throw unavailable('The object store cannot be reached.')
  }
  return { ...object, body: Readable.from(half(), { objectMode: false }) }
}

/** What adapters throw for throttling, 5xx and broken connections. */
const unavailable = (message: string): AppError => new AppError('STORE_UNAVAILABLE', message, {}, { retryAfter: 5 })
