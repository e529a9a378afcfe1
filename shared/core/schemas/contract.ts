/** The answers about the contract itself. */
import * as z from 'zod'

/** An OpenAPI document. */
export const ContractAnswer = z.looseObject({ openapi: z.string(), info: z.looseObject({ title: z.string() }) })

/** A page of HTML. */
export const PageAnswer = z.string()
