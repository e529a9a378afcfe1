/** Reads the requests of operations that dynalite does not check for us. */
import type { z } from 'zod'
import { validationError } from './apiError.ts'

/** The request as `schema` has it; throws ValidationException naming what is wrong. */
export function readRequest<T>(schema: z.ZodType<T>, request: unknown): T {
  const result = schema.safeParse(request)
  if (result.success) return result.data
  const issues = result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`)
  throw validationError(`${issues.length} validation error(s) detected: ${issues.join('; ')}`)
}
