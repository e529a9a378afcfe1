/** CloudBase's HTTP access event, to and from web `Request` and `Response` (wechat-api.md §8, stack.md §3). */
import * as z from 'zod'
import { eventHeaders, gatewayRequest } from '../gateway.ts'

/** `isBase64Encoded` comes as a boolean or as a string. */
const Flag = z
  .union([z.boolean(), z.enum(['true', 'false']).transform(text => text === 'true')])
  .nullish()
  .transform(flag => flag ?? false)
const Values = z.record(z.string(), z.union([z.string(), z.array(z.string())]).optional())

/** The fields of the event that are used. */
export const HttpEvent = z.object({
  path: z.string(),
  httpMethod: z.string(),
  headers: Values.nullish(),
  queryStringParameters: Values.nullish(),
  body: z.string().nullish(),
  isBase64Encoded: Flag,
  requestContext: z.object({ requestId: z.string().nullish() }).nullish(),
})

/** A parsed event. */
export type HttpEvent = z.infer<typeof HttpEvent>

/** The event as a `Request`; a base64 body becomes bytes and is never a string in between. */
export function toRequest(event: HttpEvent): Request {
  const url = new URL(`https://localhost${event.path}`)
  for (const [name, value] of pairs(event.queryStringParameters ?? {})) url.searchParams.append(name, value)
  const headers = eventHeaders(pairs(event.headers ?? {}))
  const { body, isBase64Encoded } = event
  return gatewayRequest({ url, method: event.httpMethod, headers, body, isBase64Encoded })
}

const pairs = (values: z.infer<typeof Values>): [string, string][] =>
  Object.entries(values).flatMap(([name, value]) => [value ?? []].flat().map((item): [string, string] => [name, item]))
