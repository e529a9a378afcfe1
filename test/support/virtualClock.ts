import type { Clock } from '../../shared/ports/clock.ts'

/** A clock that stands still until `advance`; sleepers wake in the order of their deadlines. */
export interface VirtualClock extends Clock {
  /** Moves time by `ms`, waking every sleeper on the way and letting it run. */
  advance(ms: number): Promise<void>
  /** Number of sleepers, to see that something waits. */
  sleepers(): number
}

/** Lets everything that is ready run: promises, and I/O callbacks of this turn. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** A virtual clock starting at `start` (ms since the epoch). */
export function virtualClock(start = Date.UTC(2026, 10, 23, 4, 0, 0)): VirtualClock {
  let now = start
  const waiting = new Set<{ at: number; wake: () => void }>()
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const abort = () => {
          waiting.delete(sleeper)
          reject(signal?.reason)
        }
        const sleeper = {
          at: now + ms,
          wake: () => {
            waiting.delete(sleeper)
            signal?.removeEventListener('abort', abort)
            resolve()
          },
        }
        waiting.add(sleeper)
        signal?.addEventListener('abort', abort, { once: true })
      }),
    sleepers: () => waiting.size,
    async advance(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const next = [...waiting].filter(sleeper => sleeper.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        now = Math.max(now, next.at)
        next.wake()
        await settle()
      }
      now = end
      await settle()
    },
  }
}
