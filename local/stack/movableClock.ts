import { systemClock } from '../../shared/hosts/systemClock.ts'
import type { Clock } from '../../shared/ports/clock.ts'

/** The machine's clock, and as much as it was moved on. Who sleeps already is not woken by a move. */
export interface MovableClock extends Clock {
  /** Moves time on by `ms`, which is not negative. */
  advance(ms: number): void
}

/** A clock that is `aheadMs` ahead to begin with. */
export function movableClock(aheadMs: number): MovableClock {
  let ahead = aheadMs
  return {
    now: () => systemClock.now() + ahead,
    sleep: systemClock.sleep,
    advance: ms => {
      ahead += ms
    },
  }
}
