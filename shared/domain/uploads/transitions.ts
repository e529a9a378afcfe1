/** The upload state machine as pure decisions: from a row and an event to the row that follows. */
import type { AppError } from '../../core/errors.ts'
import type { RowDraft } from '../../ports/table.ts'
import type { PermanentMaterial } from '../../ports/wechat.ts'
import { type UploadData, uploadRow } from './uploadRow.ts'

/** Signed URLs live this long (service-api.md §1). */
export const GRANT_MS = 15 * 60_000
/** A post that began in the last second of its URL may still be on its way. */
export const LATE_POST_MS = 15 * 60_000
/** The storage event comes within seconds; after this the sweeper looks for itself. */
export const EVENT_PATIENCE_MS = 30_000
/** A sending that is older has lost its function: the longest run is 120 s (serverless.yml). */
export const CLAIM_MS = 150_000
/** WeChat's list shows a new item within seconds; a miss is read again anyway. */
export const FIRST_LOOK_MS = 10_000
/** Between two reads of WeChat's list, so that a late item can appear (reliability.md law 2). */
export const RECONCILE_PAUSE_MS = 60_000
/** Reads without a find after which the material is surely absent. */
export const MISSES_UNTIL_ABSENT = 2
/** Sendings after which an upload goes to the failure inbox. */
export const MAX_ATTEMPTS = 5

const FIRST_PARK_MS = 30_000
const MAX_PARK_MS = 15 * 60_000
const OUTAGE_PARK_MS = 60_000
const MISCONFIGURED_PARK_S = 3600

type Next = RowDraft<UploadData>

/** A new upload that waits for its bytes. */
export const created = (data: UploadData, now: number): Next => uploadRow(data, now + EVENT_PATIENCE_MS)

/** The bytes were seen: the ETag is pinned, and the sweeper sends them if nobody else does. */
export const uploaded = (data: UploadData, etag: string, now: number): Next =>
  uploadRow({ ...data, state: 'UPLOADED', etag, updated_at: now }, now + EVENT_PATIENCE_MS)

/** A sender takes it. Written before the socket opens, so that a crash after this line is known to be unclear. */
export function sending(data: UploadData, claim: { id: string; etag?: string }, now: number): Next {
  const { error: _, parked_until: __, ...rest } = data
  return uploadRow(
    {
      ...rest,
      state: 'SENDING',
      ...(claim.etag !== undefined && { etag: claim.etag }),
      attempts: data.attempts + 1,
      misses: 0,
      claim: { id: claim.id, started_at: now },
      updated_at: now,
    },
    now + CLAIM_MS,
  )
}

/** WeChat has it. */
export function stored(data: UploadData, material: PermanentMaterial, now: number): Next {
  const { claim: _, error: __, parked_until: ___, ...rest } = data
  return uploadRow({ ...rest, state: 'STORED', media_id: material.media_id, url: material.url, updated_at: now })
}

/** It will never be sent. */
export function rejected(data: UploadData, error: AppError, now: number): Next {
  const { claim: _, parked_until: __, ...rest } = data
  return uploadRow({ ...rest, state: 'REJECTED', error: errorOf(error), updated_at: now })
}

/** The bytes never came. */
export const expired = (data: UploadData, now: number): Next =>
  uploadRow({ ...data, state: 'EXPIRED', updated_at: now })

/** It may have been accepted: only WeChat's own list can tell. */
export const unknown = (data: UploadData, error: AppError | undefined, now: number): Next =>
  uploadRow(
    { ...data, state: 'UNKNOWN', ...(error && { error: errorOf(error) }), updated_at: now },
    now + FIRST_LOOK_MS,
  )

/** It was surely not accepted and is tried again at `until` (ms). */
export function parked(data: UploadData, error: AppError, { now, until }: { now: number; until: number }): Next {
  const { claim: _, ...rest } = data
  return uploadRow({ ...rest, state: 'PARKED', parked_until: until, error: errorOf(error), updated_at: now }, until)
}

/** One read of WeChat's list did not show it: once more later, then it is surely absent. */
export function missed(data: UploadData, now: number): Next {
  const misses = data.misses + 1
  if (misses < MISSES_UNTIL_ABSENT) return uploadRow({ ...data, misses, updated_at: now }, now + RECONCILE_PAUSE_MS)
  const { claim: _, ...rest } = data
  return uploadRow({ ...rest, misses, state: 'UPLOADED', updated_at: now }, now)
}

/** An operator asks for another try: the counters start anew, the pinned bytes stay. */
export function retried(data: UploadData, now: number): Next {
  // What may be at WeChat already is looked for first.
  if (data.state === 'UNKNOWN') return uploadRow({ ...data, misses: 0, updated_at: now }, now)
  const { claim: _, parked_until: __, ...rest } = data
  return uploadRow({ ...rest, state: 'UPLOADED', attempts: 0, misses: 0, updated_at: now }, now)
}

/** A fresh URL moves the end of waiting. */
export const extended = (data: UploadData, now: number): Next =>
  uploadRow({ ...data, expires_at: now + GRANT_MS, updated_at: now }, now + EVENT_PATIENCE_MS)

/** The sweeper looks at a row without a change again at `at` (ms). */
export const lookAgain = (data: UploadData, at: number): Next => uploadRow(data, at)

/** What a failed sending says about WeChat's library: surely nothing there and never will be, surely nothing yet, or unclear. */
export function verdict(error: AppError): 'refused' | 'later' | 'unclear' {
  switch (error.code) {
    case 'WECHAT_REFUSED':
    case 'MEDIA_NOT_FOUND':
    case 'LIBRARY_FULL':
    case 'FILE_TOO_LARGE':
    case 'FILE_EMPTY':
    case 'FILE_TYPE_NOT_ALLOWED':
    case 'FILE_CONTENT_MISMATCH':
    case 'OBJECT_CHANGED':
    case 'OBJECT_MISSING':
    case 'ACCOUNT_NOT_FOUND':
      return 'refused'
    case 'WECHAT_QUOTA':
    case 'ACCOUNT_MISCONFIGURED':
    case 'SECRET_UNREADABLE':
    case 'WECHAT_UNREACHABLE':
    case 'STORE_UNAVAILABLE':
    case 'OUT_OF_TIME':
    case 'WECHAT_BUSY':
    // Only calls that change nothing answer so: here, the one for the token.
    case 'WECHAT_BAD_ANSWER':
      return 'later'
    default:
      return 'unclear'
  }
}

/** Where a failed sending leads. Only one that surely left nothing at WeChat is ever sent again blindly. */
export function afterFailure(data: UploadData, error: AppError, now: number): Next {
  switch (verdict(error)) {
    case 'refused':
      return rejected(data, error, now)
    case 'later':
      return later(data, error, now)
    default:
      // A duplicate of a temporary media costs nothing and expires: there, unclear means once more.
      return data.permanent ? unknown(data, error, now) : tryAgain(data, error, now)
  }
}

function later(data: UploadData, error: AppError, now: number): Next {
  // Nothing was taken: a try that ended in a quota, an outage or a wrong set-up is no fault of the file.
  const uncounted = { ...data, attempts: data.attempts - 1 }
  switch (error.code) {
    case 'WECHAT_QUOTA':
      return parked(uncounted, error, { now, until: now + (error.retryAfter ?? 60) * 1000 })
    case 'ACCOUNT_MISCONFIGURED':
    case 'SECRET_UNREADABLE':
      return parked(uncounted, error, { now, until: now + (error.retryAfter ?? MISCONFIGURED_PARK_S) * 1000 })
    case 'WECHAT_BUSY':
      return tryAgain(data, error, now)
    default:
      return parked(uncounted, error, { now, until: now + OUTAGE_PARK_MS })
  }
}

/** Later each time, until the file counts as poison and goes to the failure inbox. */
function tryAgain(data: UploadData, error: AppError, now: number): Next {
  if (data.attempts >= MAX_ATTEMPTS) return rejected(data, error, now)
  const pause = Math.min(MAX_PARK_MS, FIRST_PARK_MS * 2 ** Math.max(0, data.attempts - 1))
  return parked(data, error, { now, until: now + pause })
}

const errorOf = ({ code, message, wechat }: AppError): NonNullable<UploadData['error']> => ({
  code,
  message,
  ...(wechat && { wechat }),
})
