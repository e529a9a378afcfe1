/** The HTTP operations of functions/index.ts, and which errors each can answer. */
import * as exported from '../functions/index.ts'
import { ERROR_RULES, type ErrorCode } from '../shared/core/errors.ts'
import type { AccountSource, Operation, Role } from '../shared/core/operation.ts'
import { isKeyed } from '../shared/core/pipeline.ts'

const CODES = Object.keys(ERROR_RULES).filter((code): code is ErrorCode => Object.hasOwn(ERROR_RULES, code))
const JSON_BODY: ErrorCode[] = ['INVALID_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_CONTENT_TYPE']
const FORM_BODY: ErrorCode[] = [
  ...['INVALID_MULTIPART', 'UNSUPPORTED_CONTENT_TYPE', 'BODY_TOO_LARGE', 'FILE_MISSING', 'FILE_EMPTY'],
  ...['FILE_TOO_LARGE', 'FILE_TYPE_NOT_ALLOWED', 'FILE_CONTENT_MISMATCH'],
] as ErrorCode[]
const INSIDE: ErrorCode[] = ['UNAUTHORIZED', 'FORBIDDEN', 'STORE_UNAVAILABLE', 'OUT_OF_TIME']
const KEYED: ErrorCode[] = ['IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_KEY_RUNNING']
const WECHAT: ErrorCode[] = [
  ...['WECHAT_REFUSED', 'MEDIA_NOT_FOUND', 'ACCOUNT_MISCONFIGURED', 'SECRET_UNREADABLE', 'WECHAT_QUOTA'],
  ...['WECHAT_BAD_ANSWER', 'WECHAT_UNREACHABLE', 'WECHAT_BUSY'],
] as ErrorCode[]

/** What the contract tells of an operation. */
export type OperationFacts = Pick<
  Operation,
  | 'id'
  | 'method'
  | 'path'
  | 'summary'
  | 'status'
  | 'params'
  | 'query'
  | 'body'
  | 'form'
  | 'bodies'
  | 'response'
  | 'produces'
> & {
  role: Role
  account: AccountSource
  /** Whether mini programs may use it. */
  miniProgram: 'yes' | 'sometimes' | 'no'
  hasEtag: boolean
  keyed: boolean
  errors: readonly ErrorCode[]
}

/** Every operation, in the order of its path. */
export const OPERATIONS: readonly OperationFacts[] = Object.values(exported)
  .flatMap(served => (served.kind === 'operation' ? [factsOf(served)] : []))
  .sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1))

type Served = Extract<(typeof exported)[keyof typeof exported], { kind: 'operation' }>

function factsOf(served: Served): OperationFacts {
  const { id, method, path, summary, status, params, query, body, form, response, produces, role } = served as Operation
  const { account = 'query', miniProgram = false, etag, bodies } = served as Operation
  return {
    ...{ id, method, path, summary, role, account, response, hasEtag: etag !== undefined },
    ...(status !== undefined && { status }),
    ...(params && { params }),
    ...(query && { query }),
    ...(body && { body }),
    ...(form && { form }),
    ...(bodies && { bodies }),
    ...(produces !== undefined && { produces }),
    miniProgram: typeof miniProgram === 'function' ? 'sometimes' : miniProgram ? 'yes' : 'no',
    keyed: isKeyed(served as Operation),
    errors: errorsOf(served as Operation),
  }
}

/** What follows from the rest of the value, and what the operation adds; in the order of the table. */
function errorsOf(operation: Operation): ErrorCode[] {
  const { role, account = 'query', miniProgram, body, form, method, needs, errors = [] } = operation
  const isPublic = role === 'public'
  const named = isPublic || account === 'none' ? [] : (['INVALID_APP_ID'] as const)
  const found = named.length === 0 || account === 'new' ? [] : (['ACCOUNT_NOT_FOUND'] as const)
  const possible = new Set<ErrorCode>([
    ...(['INVALID_REQUEST', 'INTERNAL'] as const),
    ...(isPublic ? [] : INSIDE),
    ...named,
    ...found,
    ...(found.length > 0 && account === 'query' && miniProgram !== true ? (['NOT_FOR_MINI_PROGRAM'] as const) : []),
    ...(body ? JSON_BODY : []),
    ...(form ? FORM_BODY : []),
    ...(isKeyed(operation) ? KEYED : []),
    ...(needs.includes('wechat') ? WECHAT : []),
    ...(needs.includes('wechat') && method !== 'GET' ? (['WECHAT_UNCLEAR', 'LIBRARY_FULL'] as const) : []),
    ...errors,
  ])
  return CODES.filter(code => possible.has(code))
}
