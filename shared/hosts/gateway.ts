/** What the gateways of both clouds have in common: bodies as base64 or text, and the shape of an answer. */
import { isTextual } from './textual.ts'

/** What a gateway expects back. */
export interface GatewayResult {
  statusCode: number
  headers: Record<string, string>
  body: string
  isBase64Encoded: boolean
}

/** A request as a gateway hands it over. */
export interface GatewayRequest {
  url: URL
  method: string
  headers: Headers
  body: string | null | undefined
  isBase64Encoded: boolean
}

/** The web `Request`; a base64 body becomes bytes and is never a string in between. */
export function gatewayRequest({ url, method, headers, body, isBase64Encoded }: GatewayRequest): Request {
  if (!body || method === 'GET' || method === 'HEAD') return new Request(url, { method, headers })
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  headers.set('content-length', String(bytes.length))
  return new Request(url, { method, headers, body: bytes })
}

/** Headers out of an event; one that HTTP itself could not carry is left out, for it must not fail the request. */
export function eventHeaders(pairs: [string, string][]): Headers {
  const headers = new Headers()
  for (const [name, value] of pairs) {
    try {
      headers.append(name, value)
    } catch {
      // Gateways decode header bytes as UTF-8; web headers know Latin-1 only, and none of ours is anything else.
    }
  }
  return headers
}

/** The `Response` as a gateway's result. */
export async function gatewayResult(response: Response): Promise<GatewayResult> {
  const bytes = Buffer.from(await response.arrayBuffer())
  const text = isTextual(response.headers.get('content-type'))
  return {
    statusCode: response.status,
    // Gateways count by themselves, what base64 made of it too.
    headers: Object.fromEntries([...response.headers].filter(([name]) => name !== 'content-length')),
    body: bytes.toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: !text,
  }
}
