/** Goes through everything that is due in a queue of the table: what each schedule does. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { DueRow } from '../../ports/table.ts'
import { workFairly } from './workFairly.ts'

/** Which queue, and what is done with one of its rows. */
export interface Sweep {
  queue: string
  work: (due: DueRow) => Promise<void>
  /** Told how many seconds the row that waits longest has been due when the sweep begins. */
  lag?: (seconds: number) => void
}

/** Keys read of the index at first; doubled while nothing new is among them, for one account may fill them all. */
const FIRST_WINDOW = 1_000
const LAST_WINDOW = 32_000
/** Rows of one partition (kind and account) that a run moves; the next run goes on. */
const PER_ACCOUNT = 500
const IN_FLIGHT = { all: 20, ofOne: 5 }
const MIN_REMAINING_MS = 5_000

/**
 * Works until nothing is due or the time is up; answers how many rows it looked at. Partitions take turns, so that an
 * account with a heap of work delays no other. One row's failure is logged, and does not count against its account.
 */
export async function sweepDue(
  { table, clock, log }: PortsOf<'table'>,
  { queue, work, lag }: Sweep,
  call: Call,
): Promise<number> {
  const goesOn = () => call.remaining() > MIN_REMAINING_MS
  const seen = new Set<string>()
  const moved = new Map<string, number>()
  const mayMove = (pk: string) => (moved.get(pk) ?? 0) < PER_ACCOUNT
  const moveOne = async (due: DueRow): Promise<void> => {
    const { pk, sk } = due
    if (!mayMove(pk)) return
    seen.add(`${pk}/${sk}`)
    // Counted before it is done: others of the account are under way beside it.
    moved.set(pk, (moved.get(pk) ?? 0) + 1)
    try {
      await work(due)
    } catch (error) {
      moved.set(pk, (moved.get(pk) ?? 0) - 1)
      log.error('a due row failed', { queue, pk, sk, error })
    }
  }
  let isFirst = true
  for (let window = FIRST_WINDOW; goesOn() && window <= LAST_WINDOW; isFirst = false) {
    const due = await table.due(queue, clock.now(), window, call.signal)
    if (isFirst) lag?.(due[0] === undefined ? 0 : (clock.now() - due[0].at) / 1000)
    const fresh = due.filter(({ pk, sk }) => mayMove(pk) && !seen.has(`${pk}/${sk}`))
    if (fresh.length > 0) {
      await workFairly(fresh, { accountOf: ({ pk }) => pk, inFlight: IN_FLIGHT, goesOn, work: moveOne })
    } else if (due.length < window) break
    // Rows that stay due must not hide those behind them.
    else window *= 2
  }
  return seen.size
}
