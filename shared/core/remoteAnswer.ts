/** Refusals that travel from one function to another as data, for a job that throws would be run again. */
import * as z from 'zod'
import { AppError, ERROR_RULES, type ErrorCode } from './errors.ts'

/** An `AppError` as JSON. */
export const ErrorRecord = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).default({}),
  wechat: z.object({ errcode: z.number(), errmsg: z.string(), rid: z.string().optional() }).optional(),
  /** seconds */
  retry_after: z.number().optional(),
})

/** An `AppError` as JSON. */
export type ErrorRecord = z.infer<typeof ErrorRecord>

/** The outcome of asking another function: its value, or why not. */
export type RemoteAnswer<T> = { ok: true; value: T } | { ok: false; error: ErrorRecord }

/** Does the work; a refusal becomes part of the answer, a fault of our own is thrown. */
export async function answering<T>(work: () => Promise<T>): Promise<RemoteAnswer<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'INTERNAL') throw error
    return { ok: false, error: errorRecord(error) }
  }
}

/** The value of an answer; throws the refusal that it carries, and `ZodError` for anything else. */
export function remoteValue<T>(value: z.ZodType<T>, answer: unknown): T {
  const parsed = z
    .union([z.object({ ok: z.literal(true), value }), z.object({ ok: z.literal(false), error: ErrorRecord })])
    .parse(answer)
  if (parsed.ok) return parsed.value
  throw recordedError(parsed.error)
}

/** The error as data; its cause stays behind. */
export function errorRecord({ code, message, details, wechat, retryAfter }: AppError): ErrorRecord {
  return { code, message, details, ...(wechat && { wechat }), ...(retryAfter && { retry_after: retryAfter }) }
}

/** The error that was recorded; one with a code of another version is `INTERNAL`. */
export function recordedError({ code, message, details, wechat, retry_after }: ErrorRecord): AppError {
  return new AppError(isErrorCode(code) ? code : 'INTERNAL', message, details, {
    ...(wechat && { wechat: refusalOf(wechat) }),
    ...(retry_after !== undefined && { retryAfter: retry_after }),
  })
}

/** Whether `code` is one of the table. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_RULES, code)

const refusalOf = ({ errcode, errmsg, rid }: NonNullable<ErrorRecord['wechat']>) => ({
  errcode,
  errmsg,
  ...(rid !== undefined && { rid }),
})
