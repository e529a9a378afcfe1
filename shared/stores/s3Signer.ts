/** Signed URLs of S3: nothing is asked over the network. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { ObjectSigner } from '../ports/objectStore.ts'

/** Where the objects are. `client` is called at first use; make it return the same client each time. */
export interface S3SignerOptions {
  bucket: string
  /** From `s3Client`: others put the checksum of an empty body into URLs. */
  client: () => S3Client
}

/**
 * A signer for one bucket. Uploads are POST policies, the only signature of S3 that limits the size
 * (security.md §1): exactly the granted key and content type, and a size within the granted range.
 */
export function s3Signer({ bucket, client }: S3SignerOptions): ObjectSigner {
  return {
    async uploadTarget({ key, contentType, minSize, maxSize, expiresIn }) {
      const { url, fields } = await createPresignedPost(client(), {
        Bucket: bucket,
        Key: key,
        Fields: { 'Content-Type': contentType },
        Conditions: [
          ['eq', '$key', key],
          ['eq', '$Content-Type', contentType],
          ['content-length-range', minSize, maxSize],
        ],
        Expires: expiresIn,
      })
      return { method: 'POST', url, fields }
    },
    downloadUrl(key, { expiresIn, contentType, contentDisposition }) {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(contentType !== undefined && { ResponseContentType: contentType }),
        ...(contentDisposition !== undefined && { ResponseContentDisposition: contentDisposition }),
      })
      return getSignedUrl(client(), command, { expiresIn })
    },
  }
}
