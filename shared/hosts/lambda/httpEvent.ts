/**
 * API Gateway HTTP API, payload format 2.0, to and from web `Request` and `Response`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
import * as z from 'zod'
import { eventHeaders, gatewayRequest } from '../gateway.ts'

/** The fields of the event that are used; anything else may come and go. */
export const HttpEvent = z.object({
  rawPath: z.string(),
  rawQueryString: z.string().default(''),
  headers: z.record(z.string(), z.string().optional()).default({}),
  pathParameters: z.record(z.string(), z.string().optional()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({ domainName: z.string().default('localhost'), http: z.object({ method: z.string() }) }),
})

/** A parsed event. */
export type HttpEvent = z.infer<typeof HttpEvent>

/** The event as a `Request`; a base64 body becomes bytes and is never a string in between. */
export function toRequest(event: HttpEvent): Request {
  const query = event.rawQueryString ? `?${event.rawQueryString}` : ''
  const url = new URL(`https://${event.requestContext.domainName}${encodePath(event.rawPath)}${query}`)
  const headers = eventHeaders(present(event.headers))
  const { body, isBase64Encoded } = event
  return gatewayRequest({ url, method: event.requestContext.http.method, headers, body, isBase64Encoded })
}

/** The path parameters as the gateway split and decoded them. */
export function pathParameters(event: HttpEvent): Record<string, string> {
  return Object.fromEntries(present(event.pathParameters ?? {}))
}

const present = (values: Record<string, string | undefined>): [string, string][] =>
  Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined)

/** The gateway hands the path over decoded. */
const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/')
