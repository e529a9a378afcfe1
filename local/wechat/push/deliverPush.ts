/** Delivers a message the way WeChat does: three times at the most, five seconds each (wechat-api.md §6.4). */
import type { Clock } from '../../../shared/ports/clock.ts'
import type { PushRequest } from './pushRequest.ts'

const ATTEMPTS = 3
const PATIENCE_MS = 5_000

/** The wire to an operator's server; rejects when there is no answer. */
export type PushPort = (request: PushRequest, signal: AbortSignal) => Promise<{ status: number; body: string }>

/** What became of one attempt. */
export interface PushAttempt {
  /** HTTP status; absent when no answer came in time. */
  status?: number
  answer?: string
  /** ms until then */
  ms: number
}

/** Attempts one after another until one is answered `success` or with nothing; `next` makes each one's request. */
export async function deliverPush(
  { port, clock }: { port: PushPort; clock: Clock },
  next: () => PushRequest,
): Promise<PushAttempt[]> {
  const attempts: PushAttempt[] = []
  while (attempts.length < ATTEMPTS) {
    const attempt = await attemptPush({ port, clock }, next())
    attempts.push(attempt)
    if (attempt.status === 200 && (attempt.answer === 'success' || attempt.answer === '')) break
  }
  return attempts
}

async function attemptPush(
  { port, clock }: { port: PushPort; clock: Clock },
  request: PushRequest,
): Promise<PushAttempt> {
  const started = clock.now()
  const over = new AbortController()
  const late = clock.sleep(PATIENCE_MS, over.signal).then(
    () => undefined,
    () => undefined,
  )
  const answered = port(request, over.signal).catch(() => undefined)
  const answer = await Promise.race([answered, late])
  over.abort()
  return { ...(answer && { status: answer.status, answer: answer.body }), ms: clock.now() - started }
}

/** Over the network; follows no redirect. */
export const networkPush: PushPort = async ({ url, headers, body }, signal) => {
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
  return { status: answer.status, body: await answer.text() }
}
