/**
 * AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html) for the few requests
 * that need no client: each client is 70 to 100 kB to load, and signs at 15 times the cost.
 */
import { createHash, createHmac } from 'node:crypto'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const UNSIGNED = 'UNSIGNED-PAYLOAD'

/** Who signs. */
export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** For whom, where and for what. */
export interface SigningScope {
  credentials: AwsCredentials
  region: string
  service: string
  /** ms since the epoch */
  now: number
}

/** A request to be signed; `path` is encoded already. Header names are lower case. */
export interface UnsignedRequest {
  method: string
  host: string
  path: string
  headers: Record<string, string>
  body: Uint8Array
}

/** The headers of the request with those that sign it. */
export function signedHeaders(request: UnsignedRequest, scope: SigningScope): Record<string, string> {
  const { credentials, now } = scope
  const payload = createHash('sha256').update(request.body).digest('hex')
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-date': amzDate(now),
    'x-amz-content-sha256': payload,
    ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = Object.keys(headers).sort()
  const signed = names.join(';')
  const lines = names.map(name => `${name}:${(headers[name] ?? '').trim()}\n`).join('')
  // Every service but S3 encodes the path once more.
  const path = scope.service === 's3' ? request.path : request.path.split('/').map(encoded).join('/')
  const signature = sign(`${request.method}\n${path}\n\n${lines}\n${signed}\n${payload}`, scope)
  const credential = `${credentials.accessKeyId}/${scopeName(scope)}`
  const authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`
  return { ...headers, authorization }
}

/**
 * A URL that whoever has it may GET for `expiresIn` seconds; `query` is signed with it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function presignedUrl(
  {
    origin,
    path,
    query,
    expiresIn,
  }: { origin: string; path: string; query: Record<string, string>; expiresIn: number },
  scope: SigningScope,
): string {
  const { credentials, now } = scope
  const fields: Record<string, string> = {
    ...query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Content-Sha256': UNSIGNED,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scopeName(scope)}`,
    'X-Amz-Date': amzDate(now),
    'X-Amz-Expires': String(expiresIn),
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
  }
  const pairs = Object.keys(fields)
    .sort()
    .map(name => `${encoded(name)}=${encoded(fields[name] ?? '')}`)
    .join('&')
  const canonical = `GET\n${path}\n${pairs}\nhost:${new URL(origin).host}\n\nhost\n${UNSIGNED}`
  return `${origin}${path}?${pairs}&X-Amz-Signature=${sign(canonical, scope)}`
}

/**
 * The form fields of a POST upload under `conditions`, its policy and signature last.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
 */
export function postFields(
  { fields, conditions, expiresIn }: { fields: Record<string, string>; conditions: unknown[]; expiresIn: number },
  scope: SigningScope,
): Record<string, string> {
  const { credentials, now } = scope
  const signing: Record<string, string> = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scopeName(scope)}`,
    'X-Amz-Date': amzDate(now),
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
  }
  const expiration = new Date(now + expiresIn * 1_000).toISOString()
  const all = [...conditions, ...Object.entries(signing).map(([name, value]) => ({ [name]: value }))]
  const policy = Buffer.from(JSON.stringify({ expiration, conditions: all })).toString('base64')
  const signature = hmac(keyOf(scope), policy).toString('hex')
  return { ...fields, ...signing, Policy: policy, 'X-Amz-Signature': signature }
}

/** A path segment or query part as signatures want it (RFC 3986 §2.3). */
export const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

function sign(canonical: string, scope: SigningScope): string {
  const hashed = createHash('sha256').update(canonical).digest('hex')
  return hmac(keyOf(scope), `${ALGORITHM}\n${amzDate(scope.now)}\n${scopeName(scope)}\n${hashed}`).toString('hex')
}

/** A key serves a day: four of five HMACs of a signature are saved. */
let latest: { name: string; key: Buffer } = { name: '', key: Buffer.alloc(0) }

function keyOf(scope: SigningScope): Buffer {
  const { secretAccessKey } = scope.credentials
  const name = `${secretAccessKey}/${scopeName(scope)}`
  if (latest.name !== name) {
    const parts = scopeName(scope).split('/')
    latest = { name, key: parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`)) }
  }
  return latest.key
}

const hmac = (key: Buffer, value: string): Buffer => createHmac('sha256', key).update(value).digest()

/** `20150830T123600Z` */
const amzDate = (now: number): string => new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')

const scopeName = ({ region, service, now }: SigningScope): string =>
  `${amzDate(now).slice(0, 8)}/${region}/${service}/aws4_request`
