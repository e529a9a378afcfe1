/** Removes rows past their `ttl` where the store does not do so by itself. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'

/** Rows that one run removes at most; the next run goes on. */
const ROWS_PER_RUN = 100
const MIN_REMAINING_MS = 5_000

/**
 * Answers how many rows it removed, each on the condition that it is still the one whose time is over. Never throws, for
 * nothing depends on it: a failure is logged.
 */
export async function collectExpired({ table, clock, log }: PortsOf<'table'>, call: Call): Promise<number> {
  let removed = 0
  try {
    const rows = await table.expired?.(Math.floor(clock.now() / 1000), ROWS_PER_RUN, call.signal)
    for (const row of rows ?? []) {
      if (call.remaining() < MIN_REMAINING_MS) break
      if (await table.remove(row, row.version, call.signal)) removed++
    }
  } catch (error) {
    log.warn('rows could not be collected; a later run does it', { error })
  }
  return removed
}
