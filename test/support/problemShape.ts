/** The one documented shape of every failure (service-api.md §1), as strict as a caller may read it. */
import * as z from 'zod'
import { ERROR_RULES, type ErrorCode } from '../../shared/core/errors.ts'

const CODES = Object.keys(ERROR_RULES).filter((code): code is ErrorCode => Object.hasOwn(ERROR_RULES, code))

/** The JSON body of a failure; nothing else may be in it. */
export const ProblemShape = z.strictObject({
  message: z.string().min(1),
  status_code: z.int().min(400).max(599),
  code: z.enum(CODES),
  request_id: z.string().min(1),
  details: z.record(z.string(), z.unknown()),
  wechat: z.strictObject({ errcode: z.int(), errmsg: z.string(), rid: z.string().optional() }).optional(),
})

/** A failure as a caller gets it. */
export type ProblemShape = z.infer<typeof ProblemShape>

/** What must never be in an answer: traces of the inside. */
const INTERNALS = /\bat \S+ \(|node:internal|\/work\/|\.ts:\d|access_token=|\$metadata|UND_ERR|ECONN/

/** Parses a failure; throws when shape, status, headers or wording are not as documented. */
export function parseProblem(response: Response, body: unknown): ProblemShape {
  const problem = ProblemShape.parse(body)
  if (problem.status_code !== response.status) throw new Error(`status_code says ${problem.status_code}`)
  if (ERROR_RULES[problem.code].status !== response.status) throw new Error(`${problem.code} with ${response.status}`)
  if (problem.request_id !== response.headers.get('x-request-id')) throw new Error('another request_id in the body')
  const pause = response.headers.get('retry-after')
  if ((response.status === 429 || response.status === 503) && pause === null) throw new Error('no Retry-After')
  if (pause !== null && !/^[1-9]\d*$/.test(pause)) throw new Error(`Retry-After: ${pause}`)
  if (INTERNALS.test(JSON.stringify(body))) throw new Error(`something internal in ${JSON.stringify(body)}`)
  return problem
}
