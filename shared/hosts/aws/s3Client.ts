import { s3Client as client } from '../../stores/s3Client.ts'
import { env } from '../env.ts'
import { once } from '../once.ts'

/** The client of the object store. Servers that stand in for S3 know no host-style buckets. */
export const s3Client = once(() =>
  client({ forcePathStyle: (env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL')) !== undefined }),
)
