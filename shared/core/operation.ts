/** What an operation is: a value that knows no cloud. */
import type * as z from 'zod'
import type { Account } from './account.ts'
import type { ErrorCode } from './errors.ts'
import type { Caller } from './keys.ts'
import type { PortName, PortsOf } from './ports.ts'

/** What a caller's key must allow; `public` needs no key and no account. */
export type Role = 'read' | 'write' | 'admin' | 'public'

/**
 * Where an operation names its account: `query` is `?app_id=`, `path` is `{appId}`, `new` is a `{appId}` that need not
 * exist yet, `none` is an operation about no account (keys, the list of accounts).
 */
export type AccountSource = 'query' | 'path' | 'new' | 'none'

/** One run of a function: its end and its name. */
export interface Call {
  /** Aborts shortly before the platform ends the run. */
  signal: AbortSignal
  /** Milliseconds left of this run. */
  remaining(): number
  requestId: string
}

/** What `read` gets where a schema is not enough (multipart). */
export interface ReadContext<Q> {
  query: Q
  account: Account
}

/** The typed input of `run`, everything already checked at the door. */
export interface Input<P, Q, B> {
  /** The account that the request names; "" where the operation is about none. */
  appId: string
  /** Its settings; defaults where `account` is `new` or `none`. */
  account: Account
  /** Who asks; for the rules about grants. */
  caller: Caller
  params: P
  query: Q
  body: B
  /** The entity tags of `If-Match`, without quotes; absent when the client sent none. */
  ifMatch?: readonly string[]
}

interface OperationShape<N extends PortName, P, Q, B, R> {
  /** The file's name, the function's name, the OpenAPI operationId. */
  id: string
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With `{name}` for path parameters. */
  path: string
  role: Role
  /** Where the account is named; `query` when absent. */
  account?: AccountSource
  /** Whether mini programs may use it, or for which input; never when absent. Only with an account in the query. */
  miniProgram?: boolean | ((input: Pick<Input<P, Q, B>, 'params' | 'query' | 'body'>) => boolean)
  /** One sentence for the contract. */
  summary: string
  /** The status of a success; 200 when absent. */
  status?: number
  params?: z.ZodType<P>
  query?: z.ZodType<Q>
  /** The schema of a JSON body. */
  body?: z.ZodType<B>
  /** bytes of a JSON body; 256 KiB when absent */
  maxBodyBytes?: number
  /** Reads the body where a JSON schema is not enough. */
  read?: (request: Request, context: ReadContext<Q>, signal: AbortSignal) => Promise<B>
  /** The fields of a multipart form beside its file, for the contract; `read` does the reading. */
  form?: z.ZodObject
  /** Content types and shapes of the body for the contract, where neither `body` nor `form` can say them. */
  bodies?: Record<string, z.ZodType>
  response: z.ZodType<R>
  /** The content type of a success; JSON when absent. */
  produces?: string
  /** The entity tag of an answer, without quotes; `If-None-Match` with it is answered 304. */
  etag?: (result: R) => string | undefined
  /** Codes that the contract cannot tell from the rest of this value. */
  errors?: readonly ErrorCode[]
  needs: readonly N[]
  /** The rule. May answer with a `Response` of its own, for redirects and the like. */
  run: (input: Input<P, Q, B>, ports: PortsOf<N>, call: Call) => Promise<R | Response>
  /** Freshens an answer that is replayed for an Idempotency-Key, where it holds something that expires. */
  replay?: (kept: R, context: { appId: string }, ports: PortsOf<N>, call: Call) => Promise<R>
}

/** An HTTP operation. */
export interface Operation<N extends PortName = PortName, P = unknown, Q = unknown, B = unknown, R = unknown>
  extends OperationShape<N, P, Q, B, R> {
  kind: 'operation'
}

/** Declares an operation; the types of `run` follow from the schemas and from `needs`. */
export function operation<
  const N extends PortName = never,
  P = Record<never, never>,
  Q = Record<never, never>,
  B = undefined,
  R = unknown,
>(shape: OperationShape<N, P, Q, B, R>): Operation<N, P, Q, B, R> {
  return { kind: 'operation', ...shape }
}

/** What starts a job. */
export type JobEvent =
  | { trigger: 'object'; key: string; size: number; etag: string }
  | { trigger: 'schedule' }
  | { trigger: 'call'; payload: unknown }

/** Work that is not HTTP: no door, and a failure is thrown so that the platform retries. */
export interface Job<N extends PortName = PortName> {
  kind: 'job'
  id: string
  /** One sentence for the docs. */
  summary: string
  triggers: readonly JobEvent['trigger'][]
  needs: readonly N[]
  run: (event: JobEvent, ports: PortsOf<N>, call: Call) => Promise<unknown>
}

/** Declares a job. */
export function job<const N extends PortName = never>(shape: Omit<Job<N>, 'kind'>): Job<N> {
  return { kind: 'job', ...shape }
}
