/** Goes through everything that is due in a queue of the table: what each schedule does. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { DueRow } from '../../ports/table.ts'

/** Which queue, and what is done with one of its rows. */
export interface Sweep {
  queue: string
  work: (due: DueRow) => Promise<void>
  /** Told how many seconds the row that waits longest has been due when the sweep begins. */
  lag?: (seconds: number) => void
}

const BATCH = 100
const IN_FLIGHT = 10
const MIN_REMAINING_MS = 5_000

/** Works, ten at once, until nothing is due or the time is up; answers how many rows it looked at. One row's failure is logged. */
export async function sweepDue(
  { table, clock, log }: PortsOf<'table'>,
  { queue, work, lag }: Sweep,
  call: Call,
): Promise<number> {
  let swept = 0
  const seen = new Set<string>()
  while (call.remaining() > MIN_REMAINING_MS) {
    // Rows that stay due (broken, or handed over and not yet begun) must not hide those behind them.
    const due = await table.due(queue, clock.now(), BATCH + seen.size, call.signal)
    const fresh = due.filter(({ pk, sk }) => !seen.has(`${pk}/${sk}`))
    if (seen.size === 0) lag?.(due[0] === undefined ? 0 : (clock.now() - due[0].at) / 1000)
    if (fresh.length === 0) break
    for (const { pk, sk } of fresh) seen.add(`${pk}/${sk}`)
    const rows = [...fresh]
    const worker = async () => {
      for (let next = rows.shift(); next && call.remaining() > MIN_REMAINING_MS; next = rows.shift()) {
        const { pk, sk } = next
        await work(next).catch((error: unknown) => log.error('a due row failed', { queue, pk, sk, error }))
        swept++
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  }
  return swept
}
