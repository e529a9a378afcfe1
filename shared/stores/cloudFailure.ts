/** What a failed call of CloudBase becomes: an AppError, whatever the SDK threw. */
import { AppError } from '../core/errors.ts'

/** Codes that pass by themselves; the SDK hands the server's codes on, and Node's for the network. */
const PASSING = /TIMEDOUT|TIMEOUT|RATE_?LIMIT|REQUEST_?LIMIT|CONCURREN|THROTTL|SYS_ERR|UNAVAILABLE|BUSY/i
const RETRY_AFTER_SECONDS = 5

/** Which of our two stores failed. */
export type CloudStore = 'table' | 'object store'

/**
 * The AppError of a failed call. Network, time-outs, throttling and 5xx are `STORE_UNAVAILABLE` (a write may have
 * happened), everything else is our own fault: `INTERNAL`.
 */
export function cloudFailure(error: unknown, store: CloudStore): AppError {
  if (error instanceof AppError) return error
  if (isUnavailable(error)) return unavailable(store, error)
  return new AppError('INTERNAL', `The ${store} refused the call.`, {}, { cause: error })
}

/** The failure of a store that cannot be reached. */
export const unavailable = (store: CloudStore, cause: unknown): AppError =>
  new AppError('STORE_UNAVAILABLE', `The ${store} cannot be reached.`, {}, { cause, retryAfter: RETRY_AFTER_SECONDS })

/** The code an error of the SDK carries: text of the server or of Node, or an HTTP status. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return ''
  return String(error.code)
}

function isUnavailable(error: unknown): boolean {
  // An answer that is no JSON is a proxy's, not the database's.
  if (error instanceof SyntaxError) return true
  const code = codeOf(error)
  const isNodes = error instanceof Error && ('syscall' in error || /^E[A-Z]+$/.test(code))
  return isNodes || /^(429|5\d\d)$/.test(code) || PASSING.test(code)
}
