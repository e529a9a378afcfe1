import { S3Client } from '@aws-sdk/client-s3'
import { env } from '../env.ts'
import { once } from '../once.ts'

/**
 * The client of the object store. Servers that stand in for S3 know no host-style buckets; checksums only where S3
 * demands them, else signed URLs carry the checksum of an empty body and streams are re-framed.
 */
export const s3Client = once(
  () =>
    new S3Client({
      forcePathStyle: (env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL')) !== undefined,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    }),
)
