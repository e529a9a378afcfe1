import { settle, virtualClock } from './virtualClock.ts'

/** A virtual clock that knows when its next sleeper wakes. */
export interface DrivenClock extends ReturnType<typeof virtualClock> {
  /** ms since the epoch of the earliest deadline, `undefined` when nobody sleeps */
  nextDeadline(): number | undefined
}

/** A virtual clock starting at `start` (ms since the epoch). */
export function drivenClock(start?: number): DrivenClock {
  const clock = virtualClock(start)
  const deadlines = new Map<symbol, number>()
  return {
    ...clock,
    nextDeadline: () => (deadlines.size === 0 ? undefined : Math.min(...deadlines.values())),
    async sleep(ms, signal) {
      const sleeper = Symbol('sleeper')
      deadlines.set(sleeper, clock.now() + ms)
      try {
        await clock.sleep(ms, signal)
      } finally {
        deadlines.delete(sleeper)
      }
    },
  }
}

/** Turns of the event loop without any progress after which a wait counts as stuck. */
const MAX_TURNS = 20_000

/**
 * Lets real I/O go on, turn by turn, until `condition` holds; throws when it never does. Turns while something `isBusy` do
 * not count. No time passes.
 */
export async function waitUntil(
  condition: () => boolean,
  what = 'a condition',
  isBusy: () => boolean = () => false,
): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn += isBusy() ? 0 : 1) {
    if (condition()) return
    await settle()
  }
  throw new Error(`waited in vain for ${what}`)
}
