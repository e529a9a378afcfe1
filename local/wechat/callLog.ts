/** Which calls came in; holds paths and outcomes, never a token or secret. */

const KEPT_CALLS = 10_000
/** The key in the URL of an image or video, which would make each file a path of its own. */
const URL_KEY = /^(\/(?:mmbiz_[a-z]+|video)\/)[\w-]+/

/** One call. */
export interface CallRecord {
  /** Grows by one with each call. */
  seq: number
  /** ISO 8601, the simulator's own time */
  time: string
  method: string
  path: string
  app_id: string | undefined
  /** Of the answer; 0 for success, `undefined` when none was made. */
  errcode: number | undefined
  /** HTTP status; `undefined` when the connection was cut or left hanging. */
  status: number | undefined
  /** The kind of the fault that struck. */
  fault: string | undefined
}

/** What `GET /_control/calls` answers. */
export interface CallReport {
  total: number
  /** Calls by path. */
  counts: Record<string, number>
  /** Faults that struck, by kind. */
  faults: Record<string, number>
  /** The newest 10,000 calls, oldest first. */
  calls: CallRecord[]
}

/** A list of calls with counts that are never cut. */
export interface CallLog {
  add(call: Omit<CallRecord, 'seq'>): void
  report(): CallReport
}

/** An empty log. */
export function callLog(): CallLog {
  const calls: CallRecord[] = []
  const counts: Record<string, number> = {}
  const faults: Record<string, number> = {}
  let total = 0
  return {
    add: call => {
      const path = call.path.replace(URL_KEY, '$1*')
      total += 1
      counts[path] = (counts[path] ?? 0) + 1
      if (call.fault !== undefined) faults[call.fault] = (faults[call.fault] ?? 0) + 1
      calls.push({ seq: total, ...call, path })
      if (calls.length > 2 * KEPT_CALLS) calls.splice(0, calls.length - KEPT_CALLS)
    },
    report: () => ({ total, counts: { ...counts }, faults: { ...faults }, calls: calls.slice(-KEPT_CALLS) }),
  }
}
