/** ListObjectsV2. */
import { xmlAnswer } from './answer.ts'
import type { Bucket } from './buckets.ts'
import { urlEncodedKey } from './createdEvent.ts'
import { compareKeys } from './objectIndex.ts'
import { quoted, type Route } from './route.ts'
import { S3Error } from './s3Error.ts'
import { queryValue } from './s3Request.ts'
import type { StoredObject } from './storedObject.ts'

const MAX_KEYS = 1000

interface ListPage {
  objects: StoredObject[]
  prefixes: string[]
  /** The last key or common prefix of the page, when more follow. */
  next: string | undefined
}

/** GET ?list-type=2: objects and common prefixes in key order, page by page. */
export const listObjects: Route = async (service, request) => {
  const bucket = service.buckets.get(request.bucket)
  const query = (name: string) => queryValue(request, name)
  if (query('list-type') !== '2') throw new S3Error('NotImplemented', 'Only ListObjectsV2 (list-type=2) is implemented')
  const encoding = query('encoding-type')
  if (encoding !== undefined && encoding !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request')
  }
  const shown = (text: string) => (encoding === 'url' ? urlEncodedKey(text) : text)
  const maxKeys = readMaxKeys(query('max-keys'))
  const prefix = query('prefix') ?? ''
  const delimiter = query('delimiter') ?? ''
  const token = query('continuation-token')
  const startAfter = query('start-after')
  const after = token === undefined ? (startAfter ?? '') : readToken(token)
  const page = listPage(bucket, { prefix, delimiter, after, maxKeys, skipGroup: token !== undefined })
  return xmlAnswer('ListBucketResult', {
    Name: bucket.name,
    Prefix: shown(prefix),
    Delimiter: delimiter ? shown(delimiter) : undefined,
    MaxKeys: maxKeys,
    KeyCount: page.objects.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    EncodingType: encoding,
    ContinuationToken: token,
    StartAfter: startAfter === undefined ? undefined : shown(startAfter),
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
    Contents: page.objects.map(object => ({
      Key: shown(object.key),
      LastModified: new Date(object.lastModified).toISOString(),
      ETag: quoted(object.etag),
      Size: object.size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.prefixes.map(common => ({ Prefix: shown(common) })),
  })
}

/** `skipGroup`: a page that ended with a common prefix goes on behind everything under it. */
function listPage(
  bucket: Bucket,
  query: { prefix: string; delimiter: string; after: string; maxKeys: number; skipGroup: boolean },
): ListPage {
  const { prefix, delimiter, after } = query
  const page: ListPage = { objects: [], prefixes: [], next: undefined }
  if (query.maxKeys === 0) return page
  const group = delimiter ? after.indexOf(delimiter, prefix.length) : -1
  const groupEnded = query.skipGroup && group >= 0 && group + delimiter.length === after.length
  let last = ''
  for (const object of bucket.objects.walk(compareKeys(after, prefix) > 0 ? after : prefix)) {
    if (!object.key.startsWith(prefix)) break
    if (object.key === after || (groupEnded && object.key.startsWith(after))) continue
    const cut = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1
    const common = cut < 0 ? undefined : object.key.slice(0, cut + delimiter.length)
    if (common !== undefined && common === page.prefixes.at(-1)) continue
    if (page.objects.length + page.prefixes.length === query.maxKeys) {
      page.next = last
      break
    }
    if (common === undefined) page.objects.push(object)
    else page.prefixes.push(common)
    last = common ?? object.key
  }
  return page
}

function readMaxKeys(text: string | undefined): number {
  if (text === undefined) return MAX_KEYS
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', 'Argument maxKeys must be an integer from 0')
  return Math.min(Number(text), MAX_KEYS)
}

function readToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString('utf8')
  if (after === '') throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
  return after
}
