/** Requests about one object. */
import { emptyAnswer, xmlAnswer } from './answer.ts'
import { byteRange, readDecision, writePrecondition } from './conditions.ts'
import { discard } from './dataFiles.ts'
import { checkedHeader, factsOfRequest, tagsOfXml } from './objectFacts.ts'
import { bodyText, verifiedBody } from './requestBody.ts'
import { checksumHeaders, quoted, type Route } from './route.ts'
import { S3Error } from './s3Error.ts'
import { amzValue, checkKey, type S3Request } from './s3Request.ts'
import type { StoredObject } from './storedObject.ts'

const OVERRIDABLE = [
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
]

/** GET and HEAD: whole or one range, conditional, with `response-*` overrides. */
export const getObject: Route = async (service, request) => {
  const bucket = service.buckets.get(request.bucket)
  const overrides = overridingHeaders(request)
  const { object, file } = await service.objects.open(bucket, request.key)
  try {
    const shared = { etag: quoted(object.etag), 'last-modified': new Date(object.lastModified).toUTCString() }
    if (readDecision(object, request.headers) === 'not-modified') {
      await file.close()
      return emptyAnswer(304, shared)
    }
    const range = byteRange(request.headers.get('range'), object.size)
    const sent = range ?? { start: 0, end: object.size - 1 }
    const showChecksum = !range && amzValue(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
    return {
      status: range ? 206 : 200,
      headers: {
        ...shared,
        ...describe(object),
        ...overrides,
        'accept-ranges': 'bytes',
        'content-length': String(sent.end - sent.start + 1),
        ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
        ...(showChecksum && checksumHeaders(object.checksum)),
      },
      body: { file, range: sent },
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** PUT, conditional on request. */
export const putObject: Route = async (service, request, authorization) => {
  const bucket = service.buckets.get(request.bucket)
  const facts = factsOfRequest(request)
  const precondition = writePrecondition(request.headers)
  const body = verifiedBody(request, authorization)
  const received = await service.files.receive(body.bytes)
  const checksum = body.checksum()
  const object = service.objects.commit(bucket, {
    key: request.key,
    received,
    etag: received.md5.toString('hex'),
    facts,
    checksum: checksum && { ...checksum, type: 'FULL_OBJECT' },
    precondition,
  })
  service.created(bucket, object, 'Put', request)
  return emptyAnswer(200, { etag: quoted(object.etag), ...checksumHeaders(object.checksum) })
}

/** PUT with `x-amz-copy-source`. */
export const copyObject: Route = async (service, request) => {
  const target = service.buckets.get(request.bucket)
  const source = copySource(request)
  const precondition = writePrecondition(request.headers)
  const { object: original, path } = service.objects.share(service.buckets.get(source.bucket), source.key)
  try {
    if (readDecision(original, request.headers, 'x-amz-copy-source-') === 'not-modified') {
      throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
    }
    const replaceFacts = directive(request, 'x-amz-metadata-directive')
    const replaceTags = directive(request, 'x-amz-tagging-directive')
    if (source.bucket === request.bucket && source.key === request.key && !replaceFacts) {
      throw new S3Error('InvalidRequest', 'This copy request is illegal: it copies an object to itself unchanged.')
    }
    const { contentType, headers, metadata, tags } = original
    const fresh = factsOfRequest(request)
    const object = service.objects.commit(target, {
      key: request.key,
      received: { path, size: original.size },
      etag: original.etag,
      facts: { ...(replaceFacts ? fresh : { contentType, headers, metadata }), tags: replaceTags ? fresh.tags : tags },
      checksum: original.checksum,
      precondition,
    })
    service.created(target, object, 'Copy', request)
    return xmlAnswer('CopyObjectResult', {
      LastModified: new Date(object.lastModified).toISOString(),
      ETag: quoted(object.etag),
    })
  } finally {
    discard(path)
  }
}

/** DELETE; an object that does not exist is no error. */
export const deleteObject: Route = async (service, request) => {
  service.objects.remove(service.buckets.get(request.bucket), request.key)
  return emptyAnswer(204)
}

/** GET ?tagging */
export const getTagging: Route = async (service, request) => {
  const { tags } = service.objects.get(service.buckets.get(request.bucket), request.key)
  return xmlAnswer('Tagging', { TagSet: { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } })
}

/** PUT ?tagging */
export const putTagging: Route = async (service, request, authorization) => {
  const bucket = service.buckets.get(request.bucket)
  const tags = tagsOfXml(await bodyText(request, authorization))
  service.objects.setTags(bucket, request.key, tags)
  return emptyAnswer(200)
}

/** DELETE ?tagging */
export const deleteTagging: Route = async (service, request) => {
  service.objects.setTags(service.buckets.get(request.bucket), request.key, [])
  return emptyAnswer(204)
}

function describe(object: StoredObject): Record<string, string> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, mimeText(value)])
  const headers = Object.entries(object.headers).map(([name, value]) => [name, rawHeader(value)])
  return {
    'content-type': rawHeader(object.contentType),
    ...Object.fromEntries([...headers, ...metadata]),
    ...(object.tags.length > 0 && { 'x-amz-tagging-count': String(object.tags.length) }),
  }
}

function overridingHeaders(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of request.query) {
    const header = name.startsWith('response-') ? name.slice('response-'.length) : ''
    if (OVERRIDABLE.includes(header)) headers[header] = rawHeader(value)
  }
  return headers
}

/** UTF-8 bytes as Node wants them in a header. */
function rawHeader(value: string): string {
  return Buffer.from(checkedHeader(value), 'utf8').toString('latin1')
}

/** Metadata beyond ASCII comes back as RFC 2047 words, as S3 sends it. */
function mimeText(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`
}

function directive(request: S3Request, name: string): boolean {
  const value = amzValue(request, name) ?? 'COPY'
  if (value !== 'COPY' && value !== 'REPLACE') throw new S3Error('InvalidArgument', `Unknown ${name}.`)
  return value === 'REPLACE'
}

function copySource(request: S3Request): { bucket: string; key: string } {
  const raw = amzValue(request, 'x-amz-copy-source') ?? ''
  const match = /^\/?([^/]+)\/([\s\S]+)$/.exec(decodeSource(raw.split('?')[0] ?? ''))
  if (!match) throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key')
  const [, bucket = '', key = ''] = match
  checkKey(key)
  return { bucket, key }
}

function decodeSource(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    throw new S3Error('InvalidArgument', 'Copy Source is not URL-encoded', { cause })
  }
}
