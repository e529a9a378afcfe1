/** Medians of interleaved rounds: what disturbs the machine disturbs all contestants alike. */

/** The middle value; the mean of the two middle ones. Throws RangeError for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const high = sorted[sorted.length >> 1]
  const low = sorted[(sorted.length - 1) >> 1]
  if (high === undefined || low === undefined) throw new RangeError('a median needs a value')
  return (high + low) / 2
}

/** The value that `share` (0 to 1) of the values do not exceed. Throws RangeError for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const found = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]
  if (found === undefined) throw new RangeError('a percentile needs a value')
  return found
}

/**
 * Runs each contestant once a round, in turn and with the first one changing, and answers what each measured.
 * Contestants that are `undefined` (a peer that is not installed) have no result.
 */
export async function interleaved<K extends string, M>(
  rounds: number,
  contestants: Readonly<Record<K, (() => Promise<M>) | undefined>>,
): Promise<Record<K, M[]>> {
  const entries = Object.entries<(() => Promise<M>) | undefined>(contestants)
  const results = new Map<string, M[]>(entries.map(([name]) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [name = '', run] = entries[(round + turn) % entries.length] ?? []
      if (run) results.get(name)?.push(await run())
    }
  }
  return Object.fromEntries(results) as Record<K, M[]>
}
