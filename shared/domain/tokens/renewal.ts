/** What becomes of a token row: pure decisions of the custody. All times are ms of WeChat's clock. */
import type { AppError } from '../../core/errors.ts'
import type { IssuedToken, TokenParameter } from '../../ports/credentials.ts'
import { EXPIRY_MARGIN_MS, type TokenData } from './tokenRow.ts'

const SHORT_RETRY_MS = 5_000
/** A misconfigured account is asked again hourly, not at every call. */
const PROBE_MS = 3_600_000
/** 40001 of a token call is a wrong secret (wechat-api.md §1.1), unless it is one of WeChat's moments: asked again at first. */
const DOUBTFUL_ERRCODE = 40001
const DOUBT_MS = 60_000
const DOUBT_RETRY_MS = 10_000
/** WeChat ignores a forced refresh within 30 s of the last; we force at most once an hour by ourselves. */
const SUSPECT_MS = 30_000
const FORCE_PAUSE_MS = 3_600_000
/** Refusals further apart than this have nothing to do with each other. */
const SUSPICION_FADES_MS = 30 * 60_000
/** Two refusals of living tokens in so long a time are no accident. */
const CONTEST_MS = 3_600_000

/** WeChat's own limit (wechat-api.md §1.2); a day is any 24 hours here, which is the safer reading. */
export const FORCED_A_DAY = 20
const DAY_MS = 24 * 3_600_000

/** When tokens were forced in the 24 hours before `now`. */
export const forcedLately = ({ forced = [] }: Pick<TokenData, 'forced'>, now: number): number[] =>
  forced.filter(at => now - at < DAY_MS)

/** The row of a token that WeChat refused: it may be the token, or one of WeChat's moments (wechat-api.md §1.3, 6). */
export function suspected(data: TokenData, now: number): TokenData {
  const isOld = data.suspect_last === undefined || now - data.suspect_last > SUSPICION_FADES_MS
  return { ...data, suspect_since: isOld ? now : (data.suspect_since ?? now), suspect_last: now }
}

/** The same string was refused twice, 30 s apart: asking as usual gives it back again, only force helps. */
export const mustForce = (held: TokenData, now: number): boolean =>
  held.suspect_since !== undefined &&
  now - held.suspect_since >= SUSPECT_MS &&
  now - (held.forced_at ?? Number.NEGATIVE_INFINITY) >= FORCE_PAUSE_MS &&
  forcedLately(held, now).length < FORCED_A_DAY

/** How a token was come by. */
export interface Circumstances {
  /** When it was asked for. */
  askedAt: number
  parameter: TokenParameter
  forced: boolean
  /** The token whose refusal made it necessary. */
  failedGeneration: number | undefined
}

/** The row with the token that was issued. Its generation never goes back, also when the row was lost in between. */
export function renewed(
  held: TokenData,
  { access_token, expires_in }: IssuedToken,
  { askedAt, parameter, forced, failedGeneration }: Circumstances,
): TokenData {
  const { suspect_since, suspect_last, parameter: _, superseded: __, ...rest } = held
  const same = access_token === held.value
  const refused = failedGeneration !== undefined
  return {
    ...rest,
    value: access_token,
    ...(parameter !== 'access_token' && { parameter }),
    // The same string after a refusal counts as a new generation: its holders may try it once more.
    generation: same && !refused ? held.generation : Math.max(held.generation, failedGeneration ?? 0) + 1,
    issued_at: askedAt,
    expires_at: askedAt + expires_in * 1000 - EXPIRY_MARGIN_MS,
    ...(same && suspect_since !== undefined && suspect_last !== undefined && { suspect_since, suspect_last }),
    ...contest(held, askedAt, refused && !same && !forced),
    ...(forced && { forced_at: askedAt, forced: [...forcedLately(held, askedAt), askedAt] }),
  }
}

/** Counts living tokens that another one superseded; the second within an hour tells the operator, once an hour. */
function contest(
  { superseded = [], expires_at, contested_at }: TokenData,
  now: number,
  isSuperseded: boolean,
): Pick<TokenData, 'superseded' | 'contested_at'> {
  const lately = superseded.filter(at => now - at < CONTEST_MS)
  const times = isSuperseded && expires_at > now ? [...lately, now] : lately
  const isNews = times.length > 1 && times.length > lately.length && now - (contested_at ?? 0) >= CONTEST_MS
  return { ...(times.length > 0 && { superseded: times }), ...(isNews && { contested_at: now }) }
}

const needsOperator = ({ code }: { code: string }): boolean =>
  code === 'ACCOUNT_MISCONFIGURED' || code === 'SECRET_UNREADABLE'

/** Whether a failure is believed to last until the operator has acted. */
export const isFault = (failure: Failure): boolean =>
  needsOperator(failure) && failure.retry_at - failure.at >= PROBE_MS

type Failure = NonNullable<TokenData['failure']>

/** The failure to write down after `before`; `id` tells it from the next one. */
export function failureOf(
  error: AppError,
  now: number,
  { id, before }: { id: string | undefined; before: Failure | undefined },
): Failure {
  const isSame = before !== undefined && before.wechat?.errcode === error.wechat?.errcode
  const since = isSame ? (before.since ?? before.at) : now
  const isDoubtful = error.wechat?.errcode === DOUBTFUL_ERRCODE && now - since < DOUBT_MS
  const short = Math.max(SHORT_RETRY_MS, (error.retryAfter ?? 0) * 1000)
  const pause = isDoubtful ? DOUBT_RETRY_MS : needsOperator(error) ? PROBE_MS : short
  return {
    ...(id !== undefined && { id }),
    since,
    code: error.code,
    message: error.message,
    details: error.details,
    ...(error.wechat && { wechat: error.wechat }),
    at: now,
    retry_at: now + pause,
  }
}
