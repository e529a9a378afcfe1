/** Works through a heap of tasks so that no account's heap stands before another one's (reliability.md law 7, I12). */

/** How the work is done. */
export interface FairWork<T> {
  /** Whose task it is. */
  accountOf: (task: T) => string
  /** Tasks under way at once, of all accounts and of one. */
  inFlight: { all: number; ofOne: number }
  /** Never rejects. */
  work: (task: T) => Promise<void>
  /** No task is begun once this is false. */
  goesOn: () => boolean
}

/** The accounts take turns; within an account the order stays. A slow account holds its own share of places only. */
export async function workFairly<T>(
  tasks: readonly T[],
  { accountOf, inFlight, work, goesOn }: FairWork<T>,
): Promise<void> {
  const byAccount = new Map<string, T[]>()
  for (const task of tasks) {
    const lane = byAccount.get(accountOf(task)) ?? []
    byAccount.set(accountOf(task), lane)
    lane.push(task)
  }
  const lanes = [...byAccount.values()]
  // A lane stands in the row once for each task of it that may be under way.
  const turns = Array.from({ length: inFlight.ofOne }, () => lanes).flat()
  const worker = async () => {
    for (let lane = turns.shift(); lane; lane = turns.shift()) {
      const task = goesOn() ? lane.shift() : undefined
      if (task === undefined) continue
      await work(task)
      if (lane.length > 0) turns.push(lane)
    }
  }
  await Promise.all(Array.from({ length: inFlight.all }, worker))
}
