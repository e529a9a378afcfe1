/** From interleaved rounds to the figures of a row. */
import type { FileTask } from '../actors/ourFiles.ts'
import type { Measurement } from '../harness/actorPort.ts'
import { PEERS } from '../harness/peerClients.ts'
import { median } from '../harness/sampling.ts'

/** Whoever relays. */
export type Relaying = { relay: (task: FileTask) => unknown }

/** Medians by contestant; `limit` and `ours` are always there. */
export type Medians = Record<string, number> & { limit: number; ours: number }

/** The medians of one figure. */
export function mediansOf(rounds: Readonly<Record<string, Measurement[]>>, figure: 'wallMs' | 'cpuMs'): Medians {
  const entries = Object.entries(rounds).map(([name, measured]) => [name, median(measured.map(one => one[figure]))])
  return { limit: Number.NaN, ours: Number.NaN, ...Object.fromEntries(entries) }
}

/** The peer with the lowest figure, `undefined` without peers. */
export function bestPeer(medians: Readonly<Record<string, number>>): { name: string; value: number } | undefined {
  const found = PEERS.flatMap(name => (medians[name] === undefined ? [] : [{ name, value: medians[name] }]))
  return found.sort((a, b) => a.value - b.value)[0]
}
