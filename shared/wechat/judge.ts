/** The common half of every judge: from an answer to the fields of a success, or to the error it means. */
import { AppError } from '../core/errors.ts'
import type { ApiAnswer } from './apiCall.ts'
import { ENDPOINTS, type Endpoint } from './endpoints.ts'
import { isObject, parseJson } from './json.ts'
import { excerpt } from './redact.ts'
import { refusal } from './refusal.ts'

const RETRY_AFTER_SECONDS = 10
/** A chunked body or one without Content-Length is refused before WeChat reads it (wechat-api.md §3.1). */
const REFUSED_BY_EDGE = new Set([411, 412])

/**
 * The object of a successful answer. An answer is an error exactly when `errcode` is there and not 0, whatever
 * status and content type say; then throws {@link refusal}. Otherwise throws `WECHAT_UNCLEAR` for what cannot be
 * understood after a write, `WECHAT_BAD_ANSWER` or (5xx) `WECHAT_BUSY` after a read.
 */
export function succeeded(endpoint: Endpoint, answer: ApiAnswer): Record<string, unknown> {
  const value = parseJson(answer.text)
  if (isObject(value) && 'errcode' in value) {
    const errcode = integer(value['errcode'])
    if (errcode === undefined) throw notUnderstood(endpoint, answer)
    if (errcode !== 0) {
      const errmsg = typeof value['errmsg'] === 'string' ? value['errmsg'] : ''
      throw refusal({ endpoint, errcode, errmsg, now: answer.receivedAt })
    }
  }
  if (REFUSED_BY_EDGE.has(answer.status)) {
    throw new AppError(
      'WECHAT_REFUSED',
      `WeChat refused the form of the request (HTTP ${answer.status}); report request_id to the operator.`,
      {},
      { cause: asCause(endpoint, answer) },
    )
  }
  if (answer.status < 200 || answer.status > 299 || !isObject(value)) throw notUnderstood(endpoint, answer)
  return value
}

/** The error for an answer without sense: a write may have happened, a read has not. */
export function notUnderstood(endpoint: Endpoint, answer: ApiAnswer): AppError {
  const cause = asCause(endpoint, answer)
  if (ENDPOINTS[endpoint] === 'write') {
    return new AppError('WECHAT_UNCLEAR', `WeChat’s answer to ${endpoint} says neither yes nor no.`, {}, { cause })
  }
  return answer.status >= 500
    ? new AppError('WECHAT_BUSY', `WeChat has a fault at ${endpoint}.`, {}, { cause, retryAfter: RETRY_AFTER_SECONDS })
    : new AppError('WECHAT_BAD_ANSWER', `WeChat’s answer to ${endpoint} is not understandable.`, {}, { cause })
}

/** A field that must be there as non-empty text (ids may come as numbers). */
export function requiredText(endpoint: Endpoint, answer: ApiAnswer, value: unknown): string {
  const found = typeof value === 'number' ? String(value) : value
  if (typeof found !== 'string' || found === '') throw notUnderstood(endpoint, answer)
  return found
}

/** A field that must be there as a number, also when written as text. */
export function requiredNumber(endpoint: Endpoint, answer: ApiAnswer, value: unknown): number {
  const found = integer(value)
  if (found === undefined) throw notUnderstood(endpoint, answer)
  return found
}

/** A list field; absent or something else counts as no entries, entries that are no objects are left out. */
export function objects(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** Text, or "" where WeChat left it out. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** An integer, also when written as text; `undefined` for anything else. */
export function integer(value: unknown): number | undefined {
  const found = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : undefined
}

/** What came, for the log. A token call's answer is not quoted: it may be a token in an unexpected wrapping. */
function asCause(endpoint: Endpoint, answer: ApiAnswer): Error {
  const isToken = endpoint === 'token' || endpoint === 'stable_token'
  const quoted = isToken ? `${answer.text.length} characters` : excerpt(answer.text)
  return new Error(`HTTP ${answer.status} ${answer.contentType}: ${quoted}`)
}
