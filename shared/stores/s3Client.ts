/** The S3 client as this service needs it: one per process, shared by store and signer. */
import { S3Client } from '@aws-sdk/client-s3'

const CONNECTION_TIMEOUT_MS = 3_000
const IDLE_TIMEOUT_MS = 15_000
const MAX_ATTEMPTS = 3

const nothing = () => undefined

/** The SDK warns on the console about every stream that fails; the failure is thrown as well. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** What a host decides about its store. */
export interface S3Settings {
  /** Bucket in the path, as servers behind `AWS_ENDPOINT_URL_S3` want it. */
  forcePathStyle: boolean
  region?: string
  endpoint?: string
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
}

/**
 * A client; what is left out of `settings` the SDK finds itself. Checksums only where S3 requires them: else a
 * stream is re-framed as aws-chunked (performance.md) and a presigned URL carries the CRC32 of an empty body
 * (security.md §1).
 */
export function s3Client(settings: S3Settings): S3Client {
  return new S3Client({
    ...settings,
    maxAttempts: MAX_ATTEMPTS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: SILENT,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
  })
}
