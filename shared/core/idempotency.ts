/** `Idempotency-Key` (service-api.md §1): the row that makes a repeated request find the first one's answer. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Row, RowDraft, Table } from '../ports/table.ts'
import { AppError } from './errors.ts'

/** The schema version that this code writes; see docs/data-model.md. */
export const IDEMPOTENCY_SCHEMA_VERSION = 1
/** ms that a final answer is kept */
export const KEEP_ANSWER_MS = 24 * 3_600_000

const MAX_KEY_CHARS = 255
/** A store's item ends at 400 KB (DynamoDB); an answer that is larger is not kept. */
const MAX_KEPT_CHARS = 100_000
const MAX_RETRY_AFTER_S = 5
const MAX_TRIES = 5

/** What the row's `data` holds; times in ms since the epoch. */
export const IdempotencyData = z.object({
  /** Of method, path, query and body. */
  fingerprint: z.string(),
  created_at: z.number(),
  /** The end of the run that has it; a run that is over without an answer has crashed. */
  until: z.number(),
  /** Absent while it runs. */
  answer: z.object({ status: z.number(), body: z.string() }).optional(),
})

/** The stored form. */
export type IdempotencyData = z.infer<typeof IdempotencyData>

/** An answer as it is kept: JSON text. */
export type KeptAnswer = NonNullable<IdempotencyData['answer']>

/** Which request this is: its key belongs to the caller, the operation and the account. */
export interface KeyedRequest {
  key: string
  keyId: string
  operation: string
  appId: string
  fingerprint: string
  /** ms since the epoch */
  now: number
  /** ms since the epoch */
  until: number
}

/** The first request of its key: it runs, and says how it ended. */
export interface FirstRun {
  /** Keeps the answer for those who ask again. */
  keep(answer: KeptAnswer): Promise<void>
  /** Lets the next one with the same key run. */
  forget(): Promise<void>
}

/** The key of a request, checked; `undefined` when it has none. Throws `AppError('INVALID_REQUEST')`. */
export function idempotencyKey(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (/^[\x21-\x7e]+$/.test(key) && key.length <= MAX_KEY_CHARS) return key
  throw new AppError('INVALID_REQUEST', `An Idempotency-Key has 1 to ${MAX_KEY_CHARS} visible ASCII characters.`, {
    issues: [{ in: 'header', field: 'Idempotency-Key', problem: `must have 1 to ${MAX_KEY_CHARS} visible characters` }],
  })
}

/**
 * Claims the key for this run, or answers what the first run answered. Throws `IDEMPOTENCY_KEY_REUSED` when the first
 * request was another one, `IDEMPOTENCY_KEY_RUNNING` while it still runs.
 */
export async function claimKey(
  table: Table,
  request: KeyedRequest,
  signal?: AbortSignal,
): Promise<{ first: FirstRun } | { kept: KeptAnswer }> {
  const { fingerprint, now, until } = request
  let expected = 0
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const written = await table.put<unknown>(rowOf(request, { fingerprint, created_at: now, until }), expected, signal)
    if (written.ok) return { first: firstRun(table, request, written.row) }
    const data = written.current && IdempotencyData.parse(written.current.data)
    if (data && !isOver(data, now)) return { kept: answerOf(data, request) }
    expected = written.current?.version ?? 0
  }
  throw stillRunning(until, now)
}

const isOver = ({ answer, created_at, until }: IdempotencyData, now: number): boolean =>
  now >= (answer ? created_at + KEEP_ANSWER_MS : until)

function answerOf({ fingerprint, answer, until }: IdempotencyData, request: KeyedRequest): KeptAnswer {
  if (fingerprint !== request.fingerprint) {
    throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request.')
  }
  if (!answer) throw stillRunning(until, request.now)
  return answer
}

const stillRunning = (until: number, now: number): AppError =>
  new AppError(
    'IDEMPOTENCY_KEY_RUNNING',
    'The first request with this Idempotency-Key still runs.',
    {},
    { retryAfter: Math.min(MAX_RETRY_AFTER_S, (until - now) / 1000) },
  )

function firstRun(table: Table, request: KeyedRequest, { version }: Row<unknown>): FirstRun {
  const { fingerprint, now, until } = request
  const forget = async () => void (await table.remove(rowOf(request, undefined), version))
  return {
    forget,
    async keep(answer) {
      if (answer.body.length > MAX_KEPT_CHARS) return forget()
      await table.put(rowOf(request, { fingerprint, created_at: now, until, answer }), version)
    },
  }
}

/** The client's key is hashed: it may be long, and means nothing to us. */
function rowOf<T>({ key, keyId, operation, appId, now }: KeyedRequest, data: T): RowDraft<T> {
  const hash = createHash('sha256').update(key).digest('hex')
  return {
    pk: `IDEM#${keyId}`,
    sk: `${operation}#${appId}#${hash}`,
    schemaVersion: IDEMPOTENCY_SCHEMA_VERSION,
    data,
    ttl: Math.ceil((now + KEEP_ANSWER_MS) / 1000),
  }
}
