/** Reads the body of a push: bytes, for those it is handed on to get the same. */
import { AppError } from '../errors.ts'

/** bytes; a message in all of WeChat's modes has less than a tenth of it */
const MAX_PUSH_BYTES = 64 * 1024

/** A push's body and what else is needed to hand it on. */
export interface PushBody {
  body: Uint8Array
  /** The raw query, without its question mark. */
  search: string
  contentType: string
}

/** Throws `AppError('BODY_TOO_LARGE')`; the content type counts for nothing, WeChat's differs from mode to mode. */
export async function readPushBody(request: Request): Promise<PushBody> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  const body = announced > MAX_PUSH_BYTES ? new Uint8Array() : new Uint8Array(await request.arrayBuffer())
  if (Math.max(announced, body.length) > MAX_PUSH_BYTES) {
    throw new AppError('BODY_TOO_LARGE', `A push has at most ${MAX_PUSH_BYTES} bytes.`, { limit: MAX_PUSH_BYTES })
  }
  const search = new URL(request.url).search.slice(1)
  return { body, search, contentType: request.headers.get('content-type') ?? 'text/xml' }
}
