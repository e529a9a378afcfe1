/** Conditional requests (RFC 9110 §13) and ranges (§14) as S3 answers them. */
import { S3Error } from './s3Error.ts'
import type { StoredObject } from './storedObject.ts'

/** How a conditional read goes on. */
export type ReadDecision = 'send' | 'not-modified'

/** First and last byte, both included. */
export interface ByteRange {
  start: number
  end: number
}

/** Judges a GET or HEAD; throws `S3Error('PreconditionFailed')`. Names may carry the prefix of a copy source. */
export function readDecision(
  object: StoredObject,
  headers: Map<string, string>,
  prefix: '' | 'x-amz-copy-source-' = '',
): ReadDecision {
  const ifMatch = headers.get(`${prefix}if-match`)
  const ifNoneMatch = headers.get(`${prefix}if-none-match`)
  const seconds = Math.floor(object.lastModified / 1000) * 1000
  const unmodifiedSince = Date.parse(headers.get(`${prefix}if-unmodified-since`) ?? '')
  const modifiedSince = Date.parse(headers.get(`${prefix}if-modified-since`) ?? '')
  if (ifMatch === undefined ? seconds > unmodifiedSince : !matches(ifMatch, object.etag)) {
    throw preconditionFailed(ifMatch === undefined ? 'If-Unmodified-Since' : 'If-Match')
  }
  const unchanged = ifNoneMatch === undefined ? seconds <= modifiedSince : matches(ifNoneMatch, object.etag)
  return unchanged ? 'not-modified' : 'send'
}

/** The check that a conditional write makes under its key's lock (AWS, "Conditional writes"). */
export function writePrecondition(headers: Map<string, string>): (current: StoredObject | undefined) => void {
  const ifMatch = headers.get('if-match')
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new S3Error('NotImplemented', 'If-None-Match of a write takes only *')
  }
  return current => {
    if (ifNoneMatch !== undefined && current) throw preconditionFailed('If-None-Match')
    if (ifMatch === undefined) return
    if (!current) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
    if (!matches(ifMatch, current.etag)) throw preconditionFailed('If-Match')
  }
}

/** The one range asked for, `undefined` for the whole; throws `S3Error('InvalidRange')`. */
export function byteRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < start) return undefined
  if (start >= size) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
      fields: { RangeRequested: header ?? '', ActualObjectSize: String(size) },
      headers: { 'content-range': `bytes */${size}` },
    })
  }
  return { start, end }
}

function matches(list: string, etag: string): boolean {
  return list
    .split(',')
    .map(each =>
      each
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .some(each => each === '*' || each === etag)
}

const preconditionFailed = (condition: string) =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    fields: { Condition: condition },
  })
