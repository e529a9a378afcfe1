/** Turns an error into the one documented failure shape (service-api.md §1). */
import type { AppError } from './errors.ts'
import { jsonResponse } from './jsonResponse.ts'

/** Seconds a caller is told to wait where the error itself does not say. */
const DEFAULT_RETRY_AFTER_S = 5

/** The JSON body of every failure. */
export interface Problem {
  message: string
  status_code: number
  code: string
  request_id: string
  details: Record<string, unknown>
  wechat?: { errcode: number; errmsg: string; rid?: string }
}

/** The answer for `error`; every 429 and 503 carries `Retry-After` (seconds). */
export function problemResponse(error: AppError, requestId: string): Response {
  const problem: Problem = {
    message: error.message,
    status_code: error.status,
    code: error.code,
    request_id: requestId,
    details: error.details,
    ...(error.wechat && { wechat: error.wechat }),
  }
  const response = jsonResponse(problem, error.status, { 'x-request-id': requestId })
  if (error.retryAfter !== undefined || error.status === 429 || error.status === 503) {
    response.headers.set('retry-after', String(Math.max(1, Math.ceil(error.retryAfter ?? DEFAULT_RETRY_AFTER_S))))
  }
  return response
}
