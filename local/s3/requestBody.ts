/** A request's body with every promise its headers make about it checked. */
import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Authorization } from './authenticate.ts'
import { awsChunked } from './awsChunked.ts'
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumAlgorithm,
  type RunningChecksum,
  startChecksum,
} from './checksums.ts'
import { S3Error } from './s3Error.ts'
import type { S3Request } from './s3Request.ts'

const MAX_PUT_BYTES = 5 * 1024 ** 3
const MAX_XML_BYTES = 2 * 1024 * 1024

/** A checksum as S3 shows it: base64. */
export interface Checksum {
  algorithm: ChecksumAlgorithm
  value: string
}

/** A body to be iterated to its end; its iteration throws `S3Error` unless all promises are kept. */
export interface VerifiedBody {
  bytes: AsyncIterable<Buffer>
  /** After the last byte: the checksum that was asked for, `undefined` when none was. */
  checksum(): Checksum | undefined
}

/** The body of `request`. Breaking off its iteration leaves the connection open, so that an answer can be sent. */
export function verifiedBody(request: S3Request, authorization: Authorization): VerifiedBody {
  const { headers, message } = request
  const { payloadHash } = authorization
  const streaming = payloadHash.startsWith('STREAMING-')
  const expectedSize = declaredSize(headers, streaming)
  const trailerName = headers.get('x-amz-trailer')?.toLowerCase()
  const wanted = wantedChecksum(headers, trailerName)
  const trailers = new Map<string, string>()
  const plain = streaming
    ? awsChunked(openBody(message), {
        ...chunkedKind(payloadHash, authorization),
        onTrailers: received => {
          for (const [name, value] of received) trailers.set(name, value)
        },
      })
    : openBody(message)
  const sha256 = /^[0-9a-f]{64}$/.test(payloadHash) ? createHash('sha256') : undefined
  if (!sha256 && !streaming && payloadHash !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a SHA-256.')
  }
  const running = wanted && startChecksum(wanted.algorithm)
  const md5 = contentMd5(headers)
  let checksum: Checksum | undefined

  async function* bytes(): AsyncGenerator<Buffer> {
    let size = 0
    for await (const chunk of plain) {
      size += chunk.length
      if (size > expectedSize) break
      sha256?.update(chunk)
      running?.update(chunk)
      md5?.hash.update(chunk)
      yield chunk
    }
    if (size !== expectedSize) {
      throw new S3Error('IncompleteBody', 'You did not provide the number of bytes specified by the length header')
    }
    if (sha256 && sha256.digest('hex') !== payloadHash) {
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      )
    }
    if (md5 && md5.hash.digest('base64') !== md5.expected) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
    }
    if (wanted && running) {
      checksum = matchedChecksum(running, wanted, wanted.value ?? trailers.get(`x-amz-checksum-${wanted.algorithm}`))
    }
  }
  return { bytes: bytes(), checksum: () => checksum }
}

/** The whole verified body as text; throws `S3Error('MaxMessageLengthExceeded')` over 2 MiB. */
export async function bodyText(request: S3Request, authorization: Authorization): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of verifiedBody(request, authorization).bytes) {
    size += chunk.length
    if (size > MAX_XML_BYTES) throw new S3Error('MaxMessageLengthExceeded', 'Your request was too big.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Destroying the message would close the socket before the refusal is written. */
export function openBody(message: IncomingMessage): AsyncIterable<Buffer> {
  return message.iterator({ destroyOnReturn: false })
}

/** Checks a base64 checksum against the computed one; throws `S3Error('BadDigest')` when they differ. */
export function matchedChecksum(
  running: RunningChecksum,
  wanted: { algorithm: ChecksumAlgorithm },
  expected: string | undefined,
): Checksum {
  const name = wanted.algorithm.toUpperCase()
  const value = running.digest().toString('base64')
  if (expected === undefined) throw new S3Error('MalformedTrailerError', `The promised ${name} trailer did not come.`)
  if (expected !== value) {
    throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
  }
  return { algorithm: wanted.algorithm, value }
}

function declaredSize(headers: Map<string, string>, streaming: boolean): number {
  const length = streaming ? headers.get('x-amz-decoded-content-length') : headers.get('content-length')
  if (!streaming && headers.has('transfer-encoding')) {
    throw new S3Error(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented: Transfer-Encoding',
    )
  }
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  if (Number(length) > MAX_PUT_BYTES) throw new S3Error('EntityTooLarge', 'Your upload exceeds the maximum size')
  return Number(length)
}

function chunkedKind(payloadHash: string, authorization: Authorization) {
  if (payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { trailers: true }
  if (payloadHash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD') return { trailers: false, signedBy: authorization }
  if (payloadHash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER') return { trailers: true, signedBy: authorization }
  throw new S3Error('NotImplemented', `${payloadHash} is not implemented`)
}

/**
 * Only headers and trailers count: presigned URLs of SDKs since v3.729 carry the CRC32 of an empty body in
 * their query (seaweedfs#10216), which must not condemn every upload.
 */
function wantedChecksum(
  headers: Map<string, string>,
  trailerName: string | undefined,
): { algorithm: ChecksumAlgorithm; value?: string } | undefined {
  const given = CHECKSUM_ALGORITHMS.filter(algorithm => headers.has(`x-amz-checksum-${algorithm}`))
  if (given.length > 1) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  const [algorithm] = given
  if (algorithm) return { algorithm, value: headers.get(`x-amz-checksum-${algorithm}`) ?? '' }
  if (trailerName === undefined) return undefined
  const trailing = checksumAlgorithm(trailerName.replace('x-amz-checksum-', ''))
  if (!trailing) {
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
  }
  return { algorithm: trailing }
}

function contentMd5(headers: Map<string, string>): { hash: Hash; expected: string } | undefined {
  const expected = headers.get('content-md5')
  if (expected === undefined) return undefined
  if (Buffer.from(expected, 'base64').length !== 16) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.')
  }
  return { hash: createHash('md5'), expected }
}
