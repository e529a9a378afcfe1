const JSON_TYPE = 'application/json'

/** A JSON answer that knows its length (bytes), for the log; hosts leave that header to their gateways. */
export function jsonResponse(value: unknown, status: number, headers: Headers | Record<string, string> = {}): Response {
  return jsonTextResponse(JSON.stringify(value), status, headers)
}

/** The same of JSON that is text already. */
export function jsonTextResponse(
  text: string,
  status: number,
  headers: Headers | Record<string, string> = {},
): Response {
  const all = new Headers(headers)
  all.set('content-type', JSON_TYPE)
  all.set('content-length', String(Buffer.byteLength(text)))
  return new Response(text, { status, headers: all })
}
