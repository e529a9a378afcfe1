/**
 * How far this process's clock is from WeChat's. Times in token rows are WeChat's, because functions with clocks of their
 * own read them; a process learns the difference from the Date of WeChat's answers (reliability.md row 17).
 */
import type { Credentials, IssuedToken } from '../../ports/credentials.ts'

/** Clocks are trusted to be wrong by no more than this. */
export const MAX_SKEW_MS = 300_000
/** A Date further away is not believed: somebody else's clock is broken, not ours. */
const MAX_BELIEVED_MS = 2 * MAX_SKEW_MS
/** Date counts whole seconds; what may be rounding is no skew. */
const ROUNDING_MS = 2_000

/** There is one set of credentials in a process, so it stands for the process. */
const learned = new WeakMap<Credentials, number>()

/** WeChat's clock minus ours in ms; `undefined` while no answer has told. */
export const skewOf = (credentials: Credentials): number | undefined => learned.get(credentials)

/** Learns from an answer that was asked for at `sentAt` and came at `receivedAt` (ms of our clock); answers the skew, in ms. */
export function learnSkew(
  credentials: Credentials,
  { serverTime }: IssuedToken,
  { sentAt, receivedAt }: { sentAt: number; receivedAt: number },
): number {
  if (serverTime === undefined) return learned.get(credentials) ?? 0
  // Halfway between asking and answering; half a second is the middle of what Date leaves out.
  const difference = serverTime + 500 - (sentAt + receivedAt) / 2
  const tolerance = ROUNDING_MS + (receivedAt - sentAt) / 2
  if (Math.abs(difference) > MAX_BELIEVED_MS) return learned.get(credentials) ?? 0
  const skew = Math.abs(difference) <= tolerance ? 0 : Math.round(difference)
  learned.set(credentials, skew)
  return skew
}
