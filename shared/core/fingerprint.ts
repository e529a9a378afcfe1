/** Tells whether two requests ask for the same. */
import { createHash } from 'node:crypto'

const BOUNDARY = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/i

/**
 * A request whose body was read once: `bytes`, their fingerprint with method, path and query (hex SHA-256), and the
 * request again, over the same bytes. A form's boundary does not count: it is another one each time a client builds it.
 */
export async function fingerprinted(request: Request): Promise<{ request: Request; fingerprint: string }> {
  const bytes = new Uint8Array(await request.arrayBuffer())
  const { pathname, search } = new URL(request.url)
  const hash = createHash('sha256').update(`${request.method} ${pathname}${search}\n`)
  for (const piece of between(bytes, boundaryOf(request.headers))) hash.update(piece).update('\n')
  const { url, method, headers } = request
  const again = new Request(url, { method, headers, ...(bytes.length > 0 && { body: stream(bytes), duplex: 'half' }) })
  return { request: again, fingerprint: hash.digest('hex') }
}

function boundaryOf(headers: Headers): Buffer | undefined {
  const found = BOUNDARY.exec(headers.get('content-type') ?? '')
  const text = found?.[1] ?? found?.[2]
  return text === undefined ? undefined : Buffer.from(text)
}

function* between(bytes: Uint8Array, separator: Buffer | undefined): Generator<Uint8Array> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  for (let at = next(whole, separator, 0); separator && at >= 0; at = next(whole, separator, start)) {
    yield whole.subarray(start, at)
    start = at + separator.length
  }
  yield whole.subarray(start)
}

const next = (whole: Buffer, separator: Buffer | undefined, from: number): number =>
  separator ? whole.indexOf(separator, from) : -1

/** Hands the bytes out as they are: a body made of a buffer would copy them. */
const stream = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
