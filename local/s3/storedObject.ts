/** What is kept of an object beside its bytes, and how it is read back from its JSON sidecar. */
import { checksumAlgorithm } from './checksums.ts'
import type { Checksum } from './requestBody.ts'

/** What the writer said about an object. */
export interface ObjectFacts {
  contentType: string
  /** Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Expires; names in lower case. */
  headers: Record<string, string>
  /** `x-amz-meta-*` without the prefix; names in lower case. */
  metadata: Record<string, string>
  tags: [name: string, value: string][]
}

/** A checksum of the whole object, or of its parts' checksums. */
export interface StoredChecksum extends Checksum {
  type: 'FULL_OBJECT' | 'COMPOSITE'
}

/** An object as the index holds it. */
export interface StoredObject extends ObjectFacts {
  key: string
  /** The name of the body's file. */
  file: string
  /** bytes */
  size: number
  /** Without quotes. */
  etag: string
  /** ms since the epoch */
  lastModified: number
  /** Grows with every commit of the server. */
  sequence: number
  checksum?: StoredChecksum
}

/** The object of a sidecar, `undefined` when it is none. */
export function parseStoredObject(value: unknown): StoredObject | undefined {
  const facts = parseFacts(value)
  if (!facts || !isRecord(value)) return undefined
  const { key, file, size, etag, lastModified, sequence } = value
  if (typeof key !== 'string' || typeof file !== 'string' || typeof etag !== 'string') return undefined
  if (typeof size !== 'number' || typeof lastModified !== 'number' || typeof sequence !== 'number') return undefined
  const checksum = parseChecksum(value['checksum'])
  return { key, file, size, etag, lastModified, sequence, ...facts, ...(checksum && { checksum }) }
}

/** The facts in a record, `undefined` when they are not there. */
export function parseFacts(value: unknown): ObjectFacts | undefined {
  if (!isRecord(value)) return undefined
  const { contentType, headers, metadata, tags } = value
  if (typeof contentType !== 'string' || !isTexts(headers) || !isTexts(metadata) || !Array.isArray(tags))
    return undefined
  return { contentType, headers, metadata, tags: tags.filter(isPair) }
}

/** The checksum in a record, `undefined` when there is none. */
export function parseChecksum(value: unknown): StoredChecksum | undefined {
  if (!isRecord(value)) return undefined
  const algorithm = checksumAlgorithm(String(value['algorithm']))
  if (!algorithm || typeof value['value'] !== 'string') return undefined
  return { algorithm, value: value['value'], type: value['type'] === 'COMPOSITE' ? 'COMPOSITE' : 'FULL_OBJECT' }
}

/** Whether `value` is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isTexts = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every(each => typeof each === 'string')

const isPair = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every(each => typeof each === 'string')
