import { s3Signer } from '../../stores/s3Signer.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { s3Client } from './s3Client.ts'

/** Signs for the bucket named by `BUCKET`. */
export const signer = once(() => s3Signer({ bucket: requiredEnv('BUCKET'), client: s3Client }))
