/** What a failed table call becomes: an AppError, whatever the SDK threw. */
import { AppError } from '../core/errors.ts'

const THROTTLING = /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests/
const RETRY_AFTER_SECONDS = 5

/**
 * The AppError of a failed call. Network, throttling, 5xx and aborted calls are `STORE_UNAVAILABLE` (a write may have
 * happened), an abort whose reason is an AppError is that reason, everything else is our own fault: `INTERNAL`.
 */
export function tableFailure(error: unknown, signal: AbortSignal | undefined): AppError {
  if (error instanceof AppError) return error
  if (signal?.aborted && signal.reason instanceof AppError) return signal.reason
  if (signal?.aborted || isUnavailable(error)) {
    return new AppError(
      'STORE_UNAVAILABLE',
      'The table is not reachable.',
      {},
      {
        cause: error,
        retryAfter: RETRY_AFTER_SECONDS,
      },
    )
  }
  return new AppError('INTERNAL', 'The table refused the call.', {}, { cause: error })
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TypeError) return false
  if (THROTTLING.test(error.name)) return true
  // Only answers carry `$fault`: without one the call never got an answer.
  return !('$fault' in error) || error.$fault === 'server'
}
