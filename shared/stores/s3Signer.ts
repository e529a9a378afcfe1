/** Signed URLs of S3: nothing is asked over the network. */
import type { Clock } from '../ports/clock.ts'
import type { ObjectSigner } from '../ports/objectStore.ts'
import { type AwsCredentials, encoded, postFields, presignedUrl, type SigningScope } from './sigV4.ts'

/** Where the objects are and who may hand them out. */
export interface S3SignerOptions {
  bucket: string
  region: string
  credentials: AwsCredentials
  /** Another server than AWS's: the bucket is in its paths. */
  endpoint?: string | undefined
  clock: Pick<Clock, 'now'>
}

/**
 * A signer for one bucket. Uploads are POST policies, the only signature of S3 that limits the size
 * (security.md §1): exactly the granted key and content type, and a size within the granted range.
 */
export function s3Signer({ bucket, region, credentials, endpoint, clock }: S3SignerOptions): ObjectSigner {
  const scope = (): SigningScope => ({ credentials, region, service: 's3', now: clock.now() })
  const { origin, root } = addressOf(bucket, region, endpoint)
  return {
    async uploadTarget({ key, contentType, minSize, maxSize, expiresIn }) {
      const conditions = [
        { bucket },
        ['eq', '$key', key],
        ['eq', '$Content-Type', contentType],
        ['content-length-range', minSize, maxSize],
      ]
      const fields = postFields({ fields: { 'Content-Type': contentType, key }, conditions, expiresIn }, scope())
      return { method: 'POST', url: `${origin}${root}`, fields }
    },
    async downloadUrl(key, { expiresIn, contentType, contentDisposition }) {
      const path = `${root.replace(/\/$/, '')}/${key.split('/').map(encoded).join('/')}`
      const query = {
        ...(contentType !== undefined && { 'response-content-type': contentType }),
        ...(contentDisposition !== undefined && { 'response-content-disposition': contentDisposition }),
      }
      return presignedUrl({ origin, path, query, expiresIn }, scope())
    },
  }
}

/** https://docs.aws.amazon.com/general/latest/gr/s3.html */
function addressOf(bucket: string, region: string, endpoint: string | undefined): { origin: string; root: string } {
  if (endpoint !== undefined) return { origin: new URL(endpoint).origin, root: `/${bucket}` }
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return { origin: `https://${bucket}.s3.${region}.${suffix}`, root: '/' }
}
