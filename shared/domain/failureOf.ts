import type * as z from 'zod'
import type { AppError } from '../core/errors.ts'
import type { FailureView } from '../core/schemas/media.ts'

/** What a row keeps of an error: its code, its sentence, and WeChat's own answer where there was one. */
export const failureOf = ({ code, message, wechat }: AppError): z.infer<typeof FailureView> => ({
  code,
  message,
  ...(wechat && { wechat }),
})
