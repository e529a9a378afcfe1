/** Calls without HTTP: `wx.cloud.callFunction({ name, data })` from a mini program, or from another function. */
import * as z from 'zod'
import type { Operation } from '../../core/operation.ts'

const Texts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))

/** What becomes a header: the bytes that HTTP would have brought, so that the door judges them alike. */
const HeaderText = z
  .string()
  .regex(/^[^\0\r\n]*$/)
  .transform(text => Buffer.from(text).toString('latin1'))

/** The parts of a request, as the contract names them. The platform adds `userInfo`, which nothing here believes. */
export const DirectCall = z.object({
  app_id: z.string().optional(),
  params: Texts.default({}),
  query: Texts.default({}),
  body: z.unknown().optional(),
  idempotency_key: HeaderText.optional(),
  /** For callers that are no users of a mini program: another service of the environment, the console. */
  api_key: HeaderText.optional(),
})

/** A parsed call. */
export type DirectCall = z.infer<typeof DirectCall>

/** The request that the call stands for; its path is the template, for the parameters come beside it. */
export function directRequest({ method, path }: Pick<Operation, 'method' | 'path'>, call: DirectCall): Request {
  const url = new URL(`https://cloud.call${path}`)
  for (const [name, value] of Object.entries(call.query)) url.searchParams.set(name, value)
  if (call.app_id !== undefined) url.searchParams.set('app_id', call.app_id)
  const headers = new Headers({ 'content-type': 'application/json' })
  if (call.idempotency_key !== undefined) headers.set('idempotency-key', call.idempotency_key)
  if (call.api_key !== undefined) headers.set('x-api-key', call.api_key)
  const body = call.body === undefined || method === 'GET' ? null : JSON.stringify(call.body)
  return new Request(url, { method, headers, body })
}

/** The answer as a caller of a function gets it: the JSON that HTTP would have had. */
export async function directResult(response: Response): Promise<unknown> {
  const text = await response.text()
  const json = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
  if (json) return JSON.parse(text)
  const location = response.headers.get('location')
  return { status_code: response.status, ...(location !== null && { location }), ...(text !== '' && { text }) }
}
