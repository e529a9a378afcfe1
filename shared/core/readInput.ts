/** The door of an operation: takes a request apart and lets only what the schemas allow through. */
import type * as z from 'zod'
import { AppError } from './errors.ts'

const KiB = 1024
/** The largest JSON body (service-api.md §1). */
export const MAX_JSON_BYTES = 256 * KiB

/** Parses `value`; throws `AppError('INVALID_REQUEST')` that names each wrong field under `where`. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: 'path' | 'query' | 'body'): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues
    .flatMap(fitting)
    .map(issue => ({ in: where, field: issue.path.join('.'), problem: issue.message }))
  const first = issues[0]
  const summary = first ? `${first.field ? `${first.field}: ` : ''}${first.problem}` : 'not as documented'
  throw new AppError('INVALID_REQUEST', `The ${where} is not valid: ${summary}.`, { issues })
}

/** The query as an object; a name given twice is refused, for nobody could say which one counts. */
export function queryObject(url: URL): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of url.searchParams) {
    if (Object.hasOwn(query, name)) {
      throw new AppError('INVALID_REQUEST', `The query names ${name} more than once.`, {
        issues: [{ in: 'query', field: name, problem: 'given more than once' }],
      })
    }
    query[name] = value
  }
  return query
}

/** The JSON body; throws `UNSUPPORTED_CONTENT_TYPE`, `BODY_TOO_LARGE` or `INVALID_JSON`. */
export async function readJson(request: Request, maxBytes = MAX_JSON_BYTES): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new AppError('UNSUPPORTED_CONTENT_TYPE', 'The body must be application/json.', {
      expected: 'application/json',
    })
  }
  const bytes = new Uint8Array(await request.arrayBuffer())
  if (bytes.length > maxBytes) {
    throw new AppError('BODY_TOO_LARGE', `The body has ${bytes.length} bytes; the limit is ${maxBytes}.`, {
      limit: maxBytes,
    })
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AppError('INVALID_JSON', 'The body is not well-formed JSON in UTF-8.', {}, { cause })
  }
}

/**
 * The entity tags of `If-Match` or `If-None-Match`, without quotes and `W/`; `*` stays as it is. `undefined` without
 * the header. https://www.rfc-editor.org/rfc/rfc9110#section-13.1
 */
export function entityTags(headers: Headers, name: 'if-match' | 'if-none-match'): string[] | undefined {
  return headers
    .get(name)
    ?.split(',')
    .map(tag => tag.trim().replace(/^W\//, '').replaceAll('"', ''))
    .filter(tag => tag !== '')
}

/** Of a union that fits nowhere, what is wrong with the one branch whose type the value has: it tells more. */
function fitting(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const branches = issue.errors.filter(
    errors => !errors.some(({ code, path }) => code === 'invalid_type' && !path.length),
  )
  const [only] = branches
  if (!only || branches.length > 1) return [issue]
  return only.flatMap(inner => fitting({ ...inner, path: [...issue.path, ...inner.path] }))
}
