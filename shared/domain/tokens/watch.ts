import type { Clock } from '../../ports/clock.ts'

/** How long things have been seen, on one clock: for what another clock wrote says nothing about time here. */
export interface Watch {
  /** ms since this id was first seen; 0 the first time. */
  since(id: string): number
}

const MAX_IDS = 1_000

/** A watch that remembers the ids it saw last. */
export function watchOver(clock: Clock): Watch {
  const seen = new Map<string, number>()
  return {
    since(id) {
      const first = seen.get(id)
      if (first !== undefined) return clock.now() - first
      if (seen.size >= MAX_IDS) seen.clear()
      seen.set(id, clock.now())
      return 0
    },
  }
}
