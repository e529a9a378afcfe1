import { s3Objects } from '../../stores/s3Objects.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { s3Client } from './s3Client.ts'

/** The objects of the bucket named by `BUCKET`. */
export const objects = once(() => s3Objects({ bucket: requiredEnv('BUCKET'), client: s3Client }))
