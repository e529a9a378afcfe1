/** Failures in the shape DynamoDB answers them. */

const API_NAMESPACE = 'com.amazonaws.dynamodb.v20120810'
const FRONT_NAMESPACE = 'com.amazon.coral.service'
const VALIDATION_NAMESPACE = 'com.amazon.coral.validate'

const FRONT_ERRORS = new Set([
  'SerializationException',
  'UnknownOperationException',
  'MissingAuthenticationTokenException',
])

/** The body of an error answer; clients read the name after `#` in `__type`. */
export interface ErrorBody {
  __type: string
  message?: string
  /** The row that failed a condition, when the caller asked for it. */
  Item?: unknown
}

/** An error that is answered as is; dynalite's own errors have the same two fields. */
export class ApiError extends Error {
  readonly statusCode: number
  readonly body: ErrorBody

  constructor(name: string, message: string, statusCode = 400) {
    super(message)
    this.name = name
    this.statusCode = statusCode
    this.body = { __type: `${namespaceOf(name)}#${name}`, message }
  }
}

/** A refusal of the request's content. */
export const validationError = (message: string): ApiError => new ApiError('ValidationException', message)

/** The status and body of any failure: known ones as they are, the rest as InternalServerError. */
export function errorAnswer(error: unknown): { statusCode: number; body: ErrorBody } {
  if (hasAnswer(error)) return { statusCode: error.statusCode, body: error.body }
  return new ApiError('InternalServerError', 'The table server failed; see its log.', 500)
}

/** Whether the failure knows its answer, as ours and dynalite's do. */
export function hasAnswer(error: unknown): error is { statusCode: number; body: ErrorBody } {
  return (
    error instanceof Error &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    'body' in error &&
    typeof error.body === 'object'
  )
}

function namespaceOf(name: string): string {
  if (name === 'ValidationException') return VALIDATION_NAMESPACE
  return FRONT_ERRORS.has(name) ? FRONT_NAMESPACE : API_NAMESPACE
}
