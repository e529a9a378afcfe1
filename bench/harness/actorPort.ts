/** What actors and their starters agree on; everything that crosses is JSON. */

/** The actions of an actor. */
export type Actions = { [name: string]: (argument: never) => unknown }

/** What an action answered and what it cost. */
export interface Measurement {
  value: unknown
  wallMs: number
  /** User and system time of the process, all threads. */
  cpuMs: number
  /** Resident memory before it (`measureMemory` collects first) and the most during it. Bytes; 0 where /proc does not tell. */
  baseBytes: number
  peakBytes: number
}
