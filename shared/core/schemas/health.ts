/** The answer of the health check. */
import * as z from 'zod'

/** `ok` means that requests are answered. */
export const HealthAnswer = z.object({ status: z.literal('ok') })
