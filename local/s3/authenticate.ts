/** Who sent a request, and what its signature says about the body: by header or by a presigned query. */
import { S3Error } from './s3Error.ts'
import { queryValue, type S3Request } from './s3Request.ts'
import {
  ALGORITHM,
  type CredentialScope,
  canonicalRequest,
  hmac,
  parseAmzDate,
  parseCredential,
  sameSignature,
  signingKey,
  stringToSign,
} from './signature.ts'

const MAX_SKEW_MS = 15 * 60_000
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600

/** What the verifier knows. `now` is in ms since the epoch. */
export interface Verifier {
  accessKeyId: string
  secretAccessKey: string
  region: string
  now(): number
}

/** An accepted signature, with what is needed to check signed chunks. */
export interface Authorization {
  /** The hex SHA-256 of the body, or one of S3's words for another way (`UNSIGNED-PAYLOAD`, `STREAMING-…`). */
  payloadHash: string
  signature: string
  amzDate: string
  scope: CredentialScope
  key: Buffer
}

/** The claims of a request before they are checked. */
interface Claims {
  scope: CredentialScope
  signedHeaders: string[]
  signature: string
  amzDate: string
  payloadHash: string
}

/** Accepts or throws `S3Error`: `AccessDenied` for anonymous or expired, `SignatureDoesNotMatch`, and the malformed kinds. */
export function authenticate(request: S3Request, verifier: Verifier): Authorization {
  const header = request.headers.get('authorization')
  const presigned = queryValue(request, 'X-Amz-Algorithm') !== undefined
  if (header === undefined && !presigned) throw new S3Error('AccessDenied', 'Access Denied')
  if (header !== undefined && presigned) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed')
  }
  const claims = header === undefined ? queryClaims(request, verifier) : headerClaims(request, header, verifier)
  const unsigned = [...request.headers.keys()].filter(
    name => name.startsWith('x-amz-') && !claims.signedHeaders.includes(name),
  )
  if (unsigned.length > 0 || !claims.signedHeaders.includes('host')) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      fields: { HeadersNotSigned: unsigned.join(', ') || 'host' },
    })
  }
  const canonical = canonicalRequest(request, claims.signedHeaders, claims.payloadHash)
  const key = signingKey(verifier.secretAccessKey, claims.scope)
  if (!sameSignature(claims.signature, hmac(key, stringToSign(canonical, claims.amzDate, claims.scope)))) {
    throw signatureMismatch()
  }
  return { ...claims, key }
}

/** The refusal of a signature that is not ours. */
export function signatureMismatch(): S3Error {
  return new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  )
}

/** Checks that a credential is of our key, region and service; `malformed` is the code of a wrong region or service. */
export function checkScope(
  scope: CredentialScope,
  verifier: Verifier,
  malformed: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError' | 'InvalidArgument',
): void {
  if (scope.accessKeyId !== verifier.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  if (scope.region !== verifier.region) {
    throw new S3Error(malformed, `The region '${scope.region}' is wrong; expecting '${verifier.region}'`, {
      fields: { Region: verifier.region },
    })
  }
  if (scope.service !== 's3') throw new S3Error(malformed, `The service '${scope.service}' is wrong; expecting 's3'`)
}

function headerClaims(request: S3Request, header: string, verifier: Verifier): Claims {
  const match = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+) *,? *SignedHeaders=([^,\s]+) *,? *Signature=(\S+)$/.exec(
    header,
  )
  if (!match) {
    if (header.startsWith(ALGORITHM)) {
      throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is malformed.')
    }
    throw new S3Error(
      'InvalidRequest',
      `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
    )
  }
  const [, credential = '', signedHeaders = '', signature = ''] = match
  const scope = parseCredential(credential)
  if (!scope) throw new S3Error('AuthorizationHeaderMalformed', 'The Credential is malformed.')
  checkScope(scope, verifier, 'AuthorizationHeaderMalformed')
  const amzDate = request.headers.get('x-amz-date') ?? ''
  const time = parseAmzDate(amzDate)
  if (time === undefined) throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header')
  if (!amzDate.startsWith(scope.date)) {
    throw new S3Error('AuthorizationHeaderMalformed', 'Invalid credential date: it is not the same as x-amz-date.')
  }
  if (Math.abs(verifier.now() - time) > MAX_SKEW_MS) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      { fields: { RequestTime: amzDate, ServerTime: new Date(verifier.now()).toISOString() } },
    )
  }
  const payloadHash = request.headers.get('x-amz-content-sha256')
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  return { scope, signedHeaders: signedHeaders.toLowerCase().split(';'), signature, amzDate, payloadHash }
}

function queryClaims(request: S3Request, verifier: Verifier): Claims {
  const malformed = (message: string) => new S3Error('AuthorizationQueryParametersError', message)
  const value = (name: string): string => {
    const found = queryValue(request, name)
    if (found === undefined) throw malformed(`Query-string authentication requires the ${name} parameter.`)
    return found
  }
  if (value('X-Amz-Algorithm') !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const scope = parseCredential(value('X-Amz-Credential'))
  if (!scope) throw malformed('Error parsing the X-Amz-Credential parameter.')
  checkScope(scope, verifier, 'AuthorizationQueryParametersError')
  const amzDate = value('X-Amz-Date')
  const time = parseAmzDate(amzDate)
  if (time === undefined || !amzDate.startsWith(scope.date)) throw malformed('X-Amz-Date must match the credential.')
  const expiresText = value('X-Amz-Expires')
  const expires = /^\d{1,9}$/.test(expiresText) ? Number(expiresText) : Number.NaN
  if (!(expires >= 1 && expires <= MAX_EXPIRES_SECONDS)) {
    throw malformed(`X-Amz-Expires must be a number of seconds from 1 to ${MAX_EXPIRES_SECONDS}`)
  }
  const now = verifier.now()
  if (time - now > MAX_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not yet valid')
  if (now >= time + expires * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired', {
      fields: {
        'X-Amz-Expires': expiresText,
        Expires: new Date(time + expires * 1000).toISOString(),
        ServerTime: new Date(now).toISOString(),
      },
    })
  }
  return {
    scope,
    signedHeaders: value('X-Amz-SignedHeaders').toLowerCase().split(';'),
    signature: value('X-Amz-Signature'),
    amzDate,
    payloadHash:
      request.headers.get('x-amz-content-sha256') ?? queryValue(request, 'X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  }
}
