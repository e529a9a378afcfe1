import { s3Signer } from '../../stores/s3Signer.ts'
import { env, requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { systemClock } from '../systemClock.ts'
import { identity } from './identity.ts'

/** Signs for the bucket named by `BUCKET`. */
export const signer = once(() =>
  s3Signer({
    ...identity(),
    bucket: requiredEnv('BUCKET'),
    endpoint: env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL'),
    clock: systemClock,
  }),
)
