/** Runs a keyed POST at most once; who asks again gets the first answer. */
import type { Table } from '../ports/table.ts'
import type { Entry } from './enter.ts'
import { asAppError, ERROR_RULES } from './errors.ts'
import { fingerprinted } from './fingerprint.ts'
import { claimKey, type FirstRun, idempotencyKey, type KeptAnswer } from './idempotency.ts'
import { jsonTextResponse } from './jsonResponse.ts'
import type { Call } from './operation.ts'
import type { AmbientPorts } from './ports.ts'
import { problemResponse } from './problem.ts'

/** Tells a caller that an answer is the first one's. */
const REPLAYED = 'idempotency-replayed'

/** A request and what to do with it. */
export interface KeyedWork {
  /** The operation's id. */
  operation: string
  entry: Entry
  request: Request
  call: Call
  table: Table
  ambient: AmbientPorts
  /** Does the work; calls `began` once the door let the input through. */
  work(request: Request, began: () => void): Promise<Response>
  /** Freshens an answer that is given again. */
  refresh(kept: KeptAnswer): Promise<string>
}

/**
 * Does the work, under the request's Idempotency-Key when it has one. Kept are successes and refusals that stay what
 * they are, and unclear outcomes; not kept are other answers of 500 and above, those that may change by waiting, and
 * what the door refused, so that a corrected request may use the same key.
 */
export async function onceOnly(keyed: KeyedWork): Promise<Response> {
  const key = idempotencyKey(keyed.request.headers)
  if (key === undefined) return keyed.work(keyed.request, () => undefined)
  const { request, fingerprint } = await fingerprinted(keyed.request)
  const { operation, entry, call, table, ambient } = keyed
  const now = ambient.clock.now()
  const claim = await claimKey(
    table,
    {
      ...{ key, keyId: entry.caller.key_id, operation, appId: entry.account.app_id, fingerprint },
      ...{ now, until: now + Math.max(0, call.remaining()) },
    },
    call.signal,
  )
  return 'kept' in claim ? replayed(keyed, claim.kept) : runFirst(keyed, request, claim.first)
}

async function runFirst(keyed: KeyedWork, request: Request, first: FirstRun): Promise<Response> {
  let began = false
  try {
    const response = await keyed.work(request, () => {
      began = true
    })
    await settle(keyed, first, response)
    return response
  } catch (cause) {
    const error = asAppError(cause)
    // An unclear outcome is kept too: doing the work again could do it twice.
    const isFinal =
      began && (error.status < 500 || error.code === 'WECHAT_UNCLEAR') && !ERROR_RULES[error.code].retryable
    await settle(keyed, first, isFinal ? problemResponse(error, keyed.call.requestId) : undefined)
    throw cause
  }
}

/** The work is done, whatever becomes of this row: an answer that cannot be kept is given all the same. */
async function settle({ operation, ambient }: KeyedWork, first: FirstRun, answer: Response | undefined): Promise<void> {
  try {
    if (answer) await first.keep({ status: answer.status, body: await answer.clone().text() })
    else await first.forget()
  } catch (error) {
    ambient.log.warn('the answer of an Idempotency-Key could not be kept', { operation, error })
  }
}

async function replayed({ call, refresh }: KeyedWork, kept: KeptAnswer): Promise<Response> {
  const body = kept.status < 400 ? await refresh(kept) : renamed(kept.body, call.requestId)
  return jsonTextResponse(body, kept.status, { [REPLAYED]: 'true' })
}

/** A problem carries the id of the request it answers. */
function renamed(body: string, requestId: string): string {
  const problem: unknown = JSON.parse(body)
  return JSON.stringify({ ...(typeof problem === 'object' ? problem : {}), request_id: requestId })
}
