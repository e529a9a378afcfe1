/** One request to a signed address, its body streamed, its answer a stream. */
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { pipeline, type Readable } from 'node:stream'

const IDLE_TIMEOUT_MS = 15_000

/** The request; a body needs its `content-length` among the headers. */
export interface HttpExchange {
  method: 'GET' | 'PUT'
  url: string
  headers: Record<string, string>
  body?: Readable
  signal: AbortSignal | undefined
}

/**
 * Sends it; resolves with the answer's head, whose body the caller reads or destroys. Rejects with Node's error when
 * the connection fails, and with the body's own error when that fails: the receiver never gets it whole then.
 */
export function exchange({ method, url, headers, body, signal }: HttpExchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? tlsRequest : plainRequest
    const request = send(url, { method, headers, timeout: IDLE_TIMEOUT_MS, ...(signal && { signal }) })
    request.once('response', resolve)
    request.on('error', reject)
    request.once('timeout', () => request.destroy(new Error('the object store fell silent')))
    if (!body) request.end()
    else pipeline(body, request, error => error && reject(error))
  })
}
