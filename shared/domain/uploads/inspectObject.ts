/** What was posted must be what was declared. */
import { createHash } from 'node:crypto'
import { AppError, asAppError } from '../../core/errors.ts'
import { formatOfName, SNIFF_BYTES } from '../../core/fileKind.ts'
import { firstBytes } from '../../core/firstBytes.ts'
import type { OpenObject } from '../../ports/objectStore.ts'
import { checkFirstBytes } from './mediaRules.ts'
import type { UploadData } from './uploadRow.ts'

/** Some stores let the client choose; a type that says nothing contradicts nothing, and the first bytes decide. */
const NO_TYPE = 'application/octet-stream'

/**
 * Compares size, content type and first bytes; answers the refusal, `undefined` when all agree. The body can still be
 * read from its start afterwards. Throws what reading the body throws.
 */
export async function inspectObject(object: OpenObject, data: UploadData): Promise<AppError | undefined> {
  if (object.size !== data.size) return mismatch(`${data.size} bytes were declared, ${object.size} were posted.`)
  if (object.contentType !== data.content_type && object.contentType !== NO_TYPE) {
    return mismatch(`${data.content_type} was declared, ${object.contentType} was posted.`)
  }
  const promised = formatOfName(data.filename)
  if (!promised) return mismatch('The name has no known extension.')
  const head = await firstBytes(object.body, SNIFF_BYTES)
  try {
    checkFirstBytes(head, promised)
    return undefined
  } catch (error) {
    return asAppError(error)
  }
}

const mismatch = (message: string): AppError => new AppError('FILE_CONTENT_MISMATCH', message)

/** The SHA-256 of a whole body, lower-case hex. A body that breaks off throws `AppError('STORE_UNAVAILABLE')`. */
export async function hashOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of body) hash.update(chunk)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('STORE_UNAVAILABLE', 'The file could not be read to its end.', {}, { cause })
  }
  return hash.digest('hex')
}
