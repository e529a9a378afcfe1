/** What a writer says about an object, read from headers, presigned query or form fields. */
import { S3Error } from './s3Error.ts'
import { headerText, type S3Request } from './s3Request.ts'
import type { ObjectFacts } from './storedObject.ts'
import { childrenOf, childText, readXml } from './xml.ts'

const DEFAULT_TYPE = 'binary/octet-stream'
const META_PREFIX = 'x-amz-meta-'
const MAX_METADATA_BYTES = 2048
const MAX_TAGS = 10
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const KEPT_HEADERS = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']

/** The facts in the headers of a request; `x-amz-*` may also stand in a presigned query. */
export function factsOfRequest(request: S3Request): ObjectFacts {
  const values = new Map<string, string>()
  for (const [name, value] of request.query) {
    if (name.toLowerCase().startsWith('x-amz-')) values.set(name.toLowerCase(), value)
  }
  for (const [name, value] of request.headers) values.set(name, headerText(value))
  return { ...factsOf(values), tags: tagsOfQuery(values.get('x-amz-tagging')) }
}

/** The facts in the fields of a POST form (names in lower case). */
export function factsOfForm(fields: Map<string, string>): ObjectFacts {
  const tagging = fields.get('tagging')
  return { ...factsOf(fields), tags: tagging === undefined ? [] : tagsOfXml(tagging) }
}

/** The tags in a `Tagging` document; throws `S3Error('MalformedXML' | 'InvalidTag')`. */
export function tagsOfXml(xml: string): ObjectFacts['tags'] {
  const sets = childrenOf(readXml(xml), 'TagSet')
  const tags = sets.flatMap(set => childrenOf(set, 'Tag'))
  return checkedTags(tags.map(tag => [childText(tag, 'Key') ?? '', childText(tag, 'Value') ?? '']))
}

function factsOf(values: Map<string, string>): Omit<ObjectFacts, 'tags'> {
  const headers: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = name === 'content-encoding' ? withoutChunking(values.get(name)) : values.get(name)
    if (value) headers[name] = checkedHeader(value)
  }
  const metadata: Record<string, string> = {}
  for (const [name, value] of values) {
    if (!name.startsWith(META_PREFIX)) continue
    if (!HEADER_NAME.test(name)) throw new S3Error('InvalidArgument', 'A metadata name cannot be a header name.')
    metadata[name.slice(META_PREFIX.length)] = value
  }
  const metadataBytes = Object.entries(metadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  if (metadataBytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size')
  }
  return { contentType: checkedHeader(values.get('content-type') || DEFAULT_TYPE), headers, metadata }
}

/** What a form may hold but no header: it would make every answer about the object fail. */
export function checkedHeader(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw new S3Error('InvalidArgument', 'A header value has control characters.')
  return value
}

/** aws-chunked is about the transfer, not about the object. */
function withoutChunking(encoding: string | undefined): string | undefined {
  return encoding
    ?.split(',')
    .map(each => each.trim())
    .filter(each => each && each !== 'aws-chunked')
    .join(',')
}

function tagsOfQuery(text: string | undefined): ObjectFacts['tags'] {
  if (text === undefined) return []
  return checkedTags([...new URLSearchParams(text)])
}

function checkedTags(tags: ObjectFacts['tags']): ObjectFacts['tags'] {
  const names = new Set(tags.map(([name]) => name))
  if (tags.length > MAX_TAGS || names.size !== tags.length || names.has('')) {
    throw new S3Error('InvalidTag', `At most ${MAX_TAGS} tags, each with its own name.`)
  }
  return tags
}
