/** What a row of the table says (docs/performance.md has the goals). */

/** One thing that must hold. `timesLimit` and `timesPeer` are ratios of ours to theirs. */
export type Goal = { timesLimit: number } | { timesPeer: number } | { atMost: number } | { atLeast: number }

/** One measured line. Values are medians in `unit`. */
export interface Row {
  /** The number of the goal in docs/performance.md, with a letter where a goal has several lines: `4b`. */
  id: string
  metric: string
  /** `ms`, `MB`, `kB`, `µs`, `calls`, … */
  unit: string
  /** The best that plain Node did, or arithmetic. */
  limit?: number
  /** The best npm client that can do it at all. */
  peer?: { name: string; value: number }
  ours: number
  goals: readonly Goal[]
  /** What belongs to the figure: how it was got, or why it falls short. */
  note?: string
}

/** What a group may use. */
export interface Tools {
  /** Whether the npm clients of bench/package.json are there. */
  peers: boolean
  /** Says on standard error what is being done. */
  progress(text: string): void
}

/** Rows that are measured together, so that their servers are started once. */
export interface Group {
  /** As `npm run bench -- <name>` says it. */
  name: string
  /** Measures. Ends everything it started, also when it throws. */
  run(tools: Tools): Promise<Row[]>
}

/** Whether a row holds all that was promised; a goal without its counterpart (no peer installed) does not count. */
export function holds(row: Row): boolean {
  return row.goals.every(goal => {
    if ('timesLimit' in goal) return row.limit === undefined || row.ours <= goal.timesLimit * row.limit
    if ('timesPeer' in goal) return row.peer === undefined || row.ours <= goal.timesPeer * row.peer.value
    if ('atMost' in goal) return row.ours <= goal.atMost
    return row.ours >= goal.atLeast
  })
}
