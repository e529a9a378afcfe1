/** Every failure this service can answer with: one class, one closed table of codes. */

/** How a code is answered. `retryable`: the same request may succeed later without a change. */
interface ErrorRule {
  status: number
  retryable: boolean
  /** What the caller can do, one sentence; generated into docs/errors.md. */
  remedy: string
}

const rule = (status: number, retryable: boolean, remedy: string): ErrorRule => ({ status, retryable, remedy })

/** The closed table `code → HTTP status, retryable, what the caller may do`. */
export const ERROR_RULES = {
  INVALID_REQUEST: rule(400, false, 'Correct the fields named in `details.issues`.'),
  INVALID_JSON: rule(400, false, 'Send a well-formed JSON object in UTF-8.'),
  INVALID_MULTIPART: rule(400, false, 'Send complete multipart/form-data with one file part that has a file name.'),
  INVALID_APP_ID: rule(400, false, 'Name the account: `?app_id=` followed by wx and 16 characters.'),
  FILE_MISSING: rule(400, false, 'Send the file in the field named by `file_field`.'),
  FILE_EMPTY: rule(400, false, 'Send a file of at least one byte.'),
  VIDEO_TITLE_MISSING: rule(400, false, 'A permanent video needs a `title`.'),
  UNAUTHORIZED: rule(401, false, 'Send a valid API key: `Authorization: Bearer <key>`.'),
  FORBIDDEN: rule(403, false, 'Use a key with the needed role and a grant on this app_id.'),
  CALLBACK_REFUSED: rule(
    403,
    false,
    'Compare token, AES key and mode of the account’s `callback` with WeChat’s console; the log has the reason.',
  ),
  ROUTE_NOT_FOUND: rule(404, false, 'Check method and path against /openapi.json.'),
  ACCOUNT_NOT_FOUND: rule(404, false, 'Add the account first, or correct the app_id.'),
  UPLOAD_NOT_FOUND: rule(
    404,
    false,
    'Check the upload_id; uploads are kept for 30 days, and longer while their material may be given out again.',
  ),
  MEDIA_NOT_FOUND: rule(404, false, 'Check the media_id: unknown, expired, or of another account.'),
  KEY_NOT_FOUND: rule(404, false, 'Check the key_id: unknown, or beyond the grants of your own key.'),
  METHOD_NOT_ALLOWED: rule(405, false, 'Use a method that /openapi.json names for this path.'),
  UPLOAD_STATE_CONFLICT: rule(409, false, 'Read the upload and act on its present state.'),
  OBJECT_MISSING: rule(409, false, 'Post the bytes to the signed URL first.'),
  OBJECT_CHANGED: rule(409, true, 'The stored bytes changed meanwhile; read the state and try again.'),
  LIBRARY_FULL: rule(409, false, 'Delete material that is not needed any more.'),
  LAST_ADMIN_KEY: rule(409, false, 'Make another admin key for the same accounts first.'),
  SAME_BYTES_UPLOADING: rule(
    409,
    true,
    'Another upload sends the same bytes just now: its media_id will be given to this one, too.',
  ),
  WRITE_CONFLICT: rule(409, true, 'Somebody else changed it at the same time; try again.'),
  IDEMPOTENCY_KEY_RUNNING: rule(
    409,
    true,
    'The first request with this Idempotency-Key still runs; wait for `Retry-After`.',
  ),
  PRECONDITION_FAILED: rule(412, false, 'It has changed since you read it: read it again, then repeat your change.'),
  FILE_TOO_LARGE: rule(
    413,
    false,
    'Make the file smaller, or use POST /wechat/uploads for files over the gateway limit.',
  ),
  BODY_TOO_LARGE: rule(413, false, 'Send a smaller body; files go through POST /wechat/uploads.'),
  UNSUPPORTED_CONTENT_TYPE: rule(415, false, 'Send the content type that the operation documents.'),
  FILE_TYPE_NOT_ALLOWED: rule(415, false, 'Send a format that WeChat takes for this type.'),
  FILE_CONTENT_MISMATCH: rule(415, false, 'The bytes contradict the name or type; send what was declared.'),
  WECHAT_REFUSED: rule(422, false, 'WeChat refused the request; `wechat.errcode` says why.'),
  IDEMPOTENCY_KEY_REUSED: rule(422, false, 'Use a new Idempotency-Key for another request.'),
  ACCOUNT_MISCONFIGURED: rule(424, false, 'The operator must act: see `message` and GET /wechat/accounts/{appId}.'),
  NOT_FOR_MINI_PROGRAM: rule(424, false, 'A mini program has temporary media only; use an Official Account.'),
  WECHAT_QUOTA: rule(429, true, 'WeChat’s quota for this call is used up; wait for `Retry-After`.'),
  INTERNAL: rule(500, true, 'Report `request_id` to the operator.'),
  SECRET_UNREADABLE: rule(500, false, 'The operator must enter the account’s secret again.'),
  WECHAT_BAD_ANSWER: rule(502, true, 'WeChat answered something unreadable; try again.'),
  STORE_UNAVAILABLE: rule(503, true, 'Storage is not reachable; wait for `Retry-After`.'),
  WECHAT_UNREACHABLE: rule(503, true, 'WeChat is not reachable; wait for `Retry-After`.'),
  WECHAT_BUSY: rule(503, true, 'WeChat is busy; wait for `Retry-After`.'),
  OUT_OF_TIME: rule(503, true, 'The function ran out of time before it began the call; try again.'),
  WECHAT_UNCLEAR: rule(504, false, 'WeChat may have accepted it: read the upload’s state, do not send again.'),
} as const satisfies Record<string, ErrorRule>

/** Every code of the table. */
export type ErrorCode = keyof typeof ERROR_RULES

/** What WeChat itself answered. */
export interface WeChatRefusal {
  errcode: number
  errmsg: string
  rid?: string
}

/** Extra facts of an error. `retryAfter` is in seconds. */
export interface AppErrorOptions {
  cause?: unknown
  wechat?: WeChatRefusal
  retryAfter?: number
}

/**
 * The one error class. `message` and `details` are shown to the caller and must hold nothing internal;
 * what went wrong underneath travels in `cause`, which only the log sees.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  readonly wechat: WeChatRefusal | undefined
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = details
    this.wechat = options.wechat
    this.retryAfter = options.retryAfter
  }

  /** The HTTP status of this code. */
  get status(): number {
    return ERROR_RULES[this.code].status
  }
}

/** The error itself when it is ours, else an `INTERNAL` one with a fixed sentence and the original as cause. */
export function asAppError(error: unknown): AppError {
  return error instanceof AppError
    ? error
    : new AppError('INTERNAL', 'Something went wrong inside the service.', {}, { cause: error })
}
