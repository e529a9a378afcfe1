/** How often each kind of fault struck in many runs: one that never did proves nothing. */

/** Counts by kind. */
export type Struck = Readonly<Record<string, number>>

/** Sums of counts. */
export interface FaultCounts {
  add(struck: Struck): void
  /** Kinds that never struck, of those that were told of. */
  missing(): string[]
  /** One line, for runs of many seeds. */
  report(of: string): void
}

/** Counts from zero. */
export function faultCounts(): FaultCounts {
  const sums = new Map<string, number>()
  return {
    add(struck) {
      for (const [kind, times] of Object.entries(struck)) sums.set(kind, (sums.get(kind) ?? 0) + times)
    },
    missing: () => [...sums].filter(([, times]) => times === 0).map(([kind]) => kind),
    report(of) {
      const total = [...sums.values()].reduce((sum, times) => sum + times, 0)
      process.stdout.write(`${of}: ${total} faults ${JSON.stringify(Object.fromEntries(sums))}\n`)
    },
  }
}
