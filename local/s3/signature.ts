/** AWS Signature Version 4 as S3 applies it (AWS, "Authenticating Requests (AWS Signature Version 4)"). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { S3Request } from './s3Request.ts'

/** The algorithm name that begins every string to sign. */
export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** What a credential names beside the access key: `date/region/service/aws4_request`. */
export interface CredentialScope {
  accessKeyId: string
  /** yyyymmdd */
  date: string
  region: string
  service: string
}

/** The parts of `accessKeyId/date/region/service/aws4_request`, `undefined` when it is not of that form. */
export function parseCredential(credential: string): CredentialScope | undefined {
  const match = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential)
  if (!match) return undefined
  const [, accessKeyId = '', date = '', region = '', service = ''] = match
  return { accessKeyId, date, region, service }
}

/** The scope as it stands in strings to sign. */
export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`
}

/** The key of a day, region and service. */
export function signingKey(secretAccessKey: string, scope: CredentialScope): Buffer {
  const name = `${secretAccessKey}/${scopeText(scope)}`
  if (latestKey.name !== name) {
    const parts = [scope.date, scope.region, scope.service, 'aws4_request']
    latestKey = { name, key: parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`)) }
  }
  return latestKey.key
}

/** A key serves a whole day: four of five HMACs of a request are saved. */
let latestKey: { name: string; key: Buffer } = { name: '', key: Buffer.alloc(0) }

/** The canonical request: what exactly was asked, with the named headers. */
export function canonicalRequest(request: S3Request, signedHeaders: string[], payloadHash: string): string {
  const query = request.query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
  const headers = signedHeaders.map(name => `${name}:${(request.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}\n`)
  return [
    request.method,
    request.path.split('/').map(encode).join('/'),
    query.join('&'),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** The string to sign of a canonical request. Header bytes are hashed as they came. */
export function stringToSign(canonical: string, amzDate: string, scope: CredentialScope): string {
  return [ALGORITHM, amzDate, scopeText(scope), sha256Hex(Buffer.from(canonical, 'latin1'))].join('\n')
}

/** HMAC-SHA256. */
export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Lower-case hex SHA-256. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Compares a received signature with the right one without telling where they differ. */
export function sameSignature(received: string, right: Buffer): boolean {
  const bytes = /^[0-9a-f]{64}$/.test(received) ? Buffer.from(received, 'hex') : Buffer.alloc(0)
  return bytes.length === right.length && timingSafeEqual(bytes, right)
}

/** ms since the epoch of `yyyymmddThhmmssZ`, `undefined` for anything else. */
export function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}

/** encodeURIComponent leaves five characters alone that AWS encodes. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
