/** The upload state machine as pure decisions: from a row and an event to the row that follows. */
import type { AppError } from '../../core/errors.ts'
import type { RowDraft } from '../../ports/table.ts'
import type { PermanentMaterial } from '../../ports/wechat.ts'
import { limitsFor } from '../../wechat/limits.ts'
import { failureOf } from '../failureOf.ts'
import { type UploadData, uploadRow } from './uploadRow.ts'

/** Signed URLs live this long (service-api.md §1). */
export const GRANT_MS = 15 * 60_000
/** A post that began in the last second of its URL may still be on its way. */
export const LATE_POST_MS = 15 * 60_000
/** The storage event comes within seconds; after this the sweeper looks for itself. */
export const EVENT_PATIENCE_MS = 30_000
/** A sending that somebody has seen for longer has lost its function: the longest run is 120 s (serverless.yml). */
export const CLAIM_MS = 150_000
/** From here on the sweeper has an eye on a sending. */
export const WATCH_AFTER_MS = 30_000
/** WeChat's list shows a new item within seconds; a miss is read again anyway. */
export const FIRST_LOOK_MS = 10_000
/** Between two reads of WeChat's list, so that a late item can appear (reliability.md law 2). */
export const RECONCILE_PAUSE_MS = 60_000
/** Reads without a find after which the material is surely absent. */
export const MISSES_UNTIL_ABSENT = 2
/** A temporary media_id dies so long after it was given. */
export const TEMPORARY_LIFE_MS = limitsFor().temporaryLife.max * 1000
/** Looked at again so soon, when another upload of the same bytes is on its way. */
export const SAME_BYTES_PARK_MS = 15_000
/** Sendings after which an upload goes to the failure inbox. */
export const MAX_ATTEMPTS = 5
/** Runs that began and left no other trace after which it goes there, too: they end before they can say why. */
export const MAX_BEGUN = 5
/** A hand-over may be lost or wait its turn for hours; after so many, runs write down that they begin. */
const HANDED_IN_VAIN = 2

const FIRST_PARK_MS = 30_000
const MAX_PARK_MS = 15 * 60_000
/** Shorter than the sweeper's schedule. */
const HAND_AGAIN_MS = 50_000
/** As short, for a sending that is watched. */
export const WATCH_AGAIN_MS = HAND_AGAIN_MS
/** WeChat or a store could not be reached. */
export const OUTAGE_PARK_MS = 60_000
/** A fault of the account parks an upload for so long, unless the operator acts. */
export const MISCONFIGURED_PARK_S = 3600
/** Uploads that a quota stopped do not all come back in the same second. */
const QUOTA_SPREAD_MS = 60_000

type Next = RowDraft<UploadData>

/** A new upload that waits for its bytes. */
export const created = (data: UploadData, now: number): Next => uploadRow(data, now + EVENT_PATIENCE_MS)

/** The bytes were seen: the ETag is pinned, and the sweeper sends them if nobody else does. */
export const uploaded = (data: UploadData, etag: string, now: number): Next =>
  uploadRow({ ...data, state: 'UPLOADED', etag, updated_at: now }, now + EVENT_PATIENCE_MS)

/** A sender takes it. Written before the socket opens, so that a crash after this line is known to be unclear. */
export function sending(data: UploadData, claim: { id: string; etag?: string; sha256?: string }, now: number): Next {
  const { error: _, parked_until: __, unsure: ___, ruled_out: ____, handed: _____, begun: ______, ...rest } = data
  return uploadRow(
    {
      ...rest,
      state: 'SENDING',
      ...(claim.etag !== undefined && { etag: claim.etag }),
      ...(claim.sha256 !== undefined && { sha256: claim.sha256 }),
      attempts: data.attempts + 1,
      misses: 0,
      claim: { id: claim.id, started_at: now },
      updated_at: now,
    },
    now + WATCH_AFTER_MS,
  )
}

/** WeChat has it. */
export function stored(data: UploadData, material: PermanentMaterial, now: number): Next {
  const { media_id, url } = material
  return uploadRow({
    ...{ ...settled(data), state: 'STORED', media_id, url, updated_at: now },
    ...(!data.permanent && { media_expires_at: now + TEMPORARY_LIFE_MS }),
  })
}

/** WeChat has these bytes since `holder` was stored. */
export function reused(data: UploadData, holder: UploadData, now: number): Next {
  const { media_id = '', url = '', media_expires_at } = holder
  return uploadRow({
    ...{ ...settled(data), state: 'STORED', media_id, url, reused: true, updated_at: now },
    ...(media_expires_at !== undefined && { media_expires_at }),
  })
}

/** Another upload answers for the bytes of this stored one; it is collected like any other. */
export const retired = (data: UploadData, now: number): Next => uploadRow({ ...data, retired: true, updated_at: now })

/** The other upload was refused: this stored one answers for its bytes again, and stays. */
export function reinstated({ retired: _, ...data }: UploadData, now: number): Next {
  return uploadRow({ ...data, updated_at: now })
}

function settled(data: UploadData): UploadData {
  const { claim: _, error: __, parked_until: ___, unsure: ____, ruled_out: _____, ...rest } = data
  const { handed: ______, begun: _______, ...settledData } = rest
  return settledData
}

/** It will never be sent. */
export function rejected(data: UploadData, error: AppError, now: number): Next {
  const { claim: _, parked_until: __, unsure: ___, ...rest } = data
  return uploadRow({ ...rest, state: 'REJECTED', error: failureOf(error), updated_at: now })
}

/** The bytes never came. */
export const expired = (data: UploadData, now: number): Next =>
  uploadRow({ ...data, state: 'EXPIRED', updated_at: now })

/** It may have been accepted: only WeChat's own list can tell. */
export const unknown = (data: UploadData, error: AppError | undefined, now: number): Next =>
  uploadRow(
    { ...data, state: 'UNKNOWN', ...(error && { error: failureOf(error) }), updated_at: now },
    now + FIRST_LOOK_MS,
  )

/** It was surely not accepted and is tried again at `until` (ms). */
export function parked(data: UploadData, error: AppError, { now, until }: { now: number; until: number }): Next {
  const { claim: _, handed: __, begun: ___, ...rest } = data
  return uploadRow({ ...rest, state: 'PARKED', parked_until: until, error: failureOf(error), updated_at: now }, until)
}

/** Reasons to wait that an operator takes away; an upload of the same bytes waits for as long as the other one. */
const OPERATOR_ENDS: ReadonlySet<string> = new Set([
  'ACCOUNT_MISCONFIGURED',
  'SECRET_UNREADABLE',
  'SAME_BYTES_UPLOADING',
])

/** The operator has acted: what waited for that is tried at `until` (ms); `undefined` for what waits for anything else. */
export function woken(data: UploadData, until: number): Next | undefined {
  const isWaiting = data.state === 'PARKED' && OPERATOR_ENDS.has(data.error?.code ?? '')
  if (!isWaiting || (data.parked_until ?? 0) <= until) return undefined
  return uploadRow({ ...data, parked_until: until }, until)
}

/** Whether one more read of WeChat's list without a find is enough: after "busy" the first one is (row 23). */
export const isLastLook = ({ misses, unsure }: UploadData): boolean =>
  unsure === true || misses + 1 >= MISSES_UNTIL_ABSENT

/** One read of WeChat's list did not show it: once more later, then it is surely absent. */
export function missed(data: UploadData, now: number): Next {
  const misses = data.misses + 1
  if (!isLastLook(data)) return uploadRow({ ...data, misses, updated_at: now }, now + RECONCILE_PAUSE_MS)
  const { claim: _, unsure: __, parked_until: ___, ruled_out: ____, ...rest } = data
  return uploadRow({ ...rest, misses, state: 'UPLOADED', updated_at: now }, now)
}

/** Some of the list was compared, more is left: soon again, without counting. */
export const compared = (data: UploadData, ruledOut: string[], now: number): Next =>
  uploadRow({ ...data, ruled_out: ruledOut, updated_at: now }, now + FIRST_LOOK_MS)

/** Another upload of the same bytes is on its way: what is known of the bytes is kept, no try is counted. */
export const waiting = (
  data: UploadData,
  bytes: { etag: string; sha256: string },
  { error, now, until }: { error: AppError; now: number; until: number },
): Next => parked({ ...data, ...bytes }, error, { now, until })

/**
 * The bytes could not be read or told before anything was sent. A store that is away is no fault of the file; what
 * fails in any other way is counted, so that a file on which every run breaks ends in the failure inbox.
 */
export function unread(data: UploadData, error: AppError, now: number): Next {
  if (error.code === 'STORE_UNAVAILABLE') return parked(data, error, { now, until: now + OUTAGE_PARK_MS })
  return tryAgain({ ...data, attempts: data.attempts + 1 }, error, now)
}

/** The sweeper hands it over: nothing may come of it, and the next sweep hands it over again. */
export const handedOver = (data: UploadData, now: number): Next =>
  uploadRow({ ...data, handed: (data.handed ?? 0) + 1 }, now + HAND_AGAIN_MS)

/** Whether a run must write down that it begins: it was handed over in vain, and the file may be why. */
export const isSuspect = ({ handed = 0 }: UploadData): boolean => handed > HANDED_IN_VAIN

/** A run begins with a suspect, and has as long as every other before the next one is called. */
export const begun = (data: UploadData, now: number): Next =>
  uploadRow({ ...data, begun: (data.begun ?? 0) + 1 }, now + HAND_AGAIN_MS)

/** An operator asks for another try: the counters start anew, the pinned bytes stay. */
export function retried(data: UploadData, now: number): Next {
  // What may be at WeChat already is looked for first.
  if (data.state === 'UNKNOWN' || data.unsure) {
    const { parked_until: _, ...rest } = data
    return uploadRow({ ...rest, state: 'UNKNOWN', misses: 0, updated_at: now }, now)
  }
  const { claim: _, parked_until: __, handed: ___, begun: ____, ...rest } = data
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
      return parked(uncounted, error, { now, until: now + (error.retryAfter ?? 60) * 1000 + spread(data) })
    case 'ACCOUNT_MISCONFIGURED':
    case 'SECRET_UNREADABLE':
      return parked(uncounted, error, { now, until: now + (error.retryAfter ?? MISCONFIGURED_PARK_S) * 1000 })
    case 'WECHAT_BUSY':
      return data.permanent ? doubted(data, error, now) : tryAgain(data, error, now)
    default:
      return parked(uncounted, error, { now, until: now + OUTAGE_PARK_MS })
  }
}

/**
 * "Busy" says that it was not accepted; the list is read once all the same, also after the last try (reliability.md
 * row 23). The claim stays, for it tells when the sending began.
 */
function doubted(data: UploadData, error: AppError, now: number): Next {
  const until = now + pauseAfter(data)
  return uploadRow(
    { ...data, state: 'PARKED', unsure: true, parked_until: until, error: failureOf(error), updated_at: now },
    until,
  )
}

/** Later each time, until the file counts as poison and goes to the failure inbox. */
function tryAgain(data: UploadData, error: AppError, now: number): Next {
  if (data.attempts >= MAX_ATTEMPTS) return rejected(data, error, now)
  return parked(data, error, { now, until: now + pauseAfter(data) })
}

const pauseAfter = ({ attempts }: UploadData): number =>
  Math.min(MAX_PARK_MS, FIRST_PARK_MS * 2 ** Math.max(0, attempts - 1))

/** Some part of the spread, told by the random end of the upload's own id. */
function spread({ upload_id: id }: UploadData): number {
  const last = Number.parseInt(id.slice(-2), 36)
  return Number.isNaN(last) ? 0 : (last / 36 ** 2) * QUOTA_SPREAD_MS
}
