/** What every route gets, and what most of them need. */
import type { Answer } from './answer.ts'
import type { Authorization, Verifier } from './authenticate.ts'
import type { Bucket, Buckets } from './buckets.ts'
import type { CreatedBy } from './createdEvent.ts'
import type { DataFiles } from './dataFiles.ts'
import type { Objects } from './objects.ts'
import type { Checksum } from './requestBody.ts'
import type { S3Request } from './s3Request.ts'
import type { StoredChecksum, StoredObject } from './storedObject.ts'
import type { Uploads } from './uploads.ts'

/** The parts of a running server. */
export interface Service {
  files: DataFiles
  buckets: Buckets
  objects: Objects
  uploads: Uploads
  verifier: Verifier
  /** Tells the owner of the server about a new object. */
  created(bucket: Bucket, object: StoredObject, by: CreatedBy, request: S3Request): void
}

/** Answers one kind of request. */
export type Route = (service: Service, request: S3Request, authorization: Authorization) => Promise<Answer>

/** The header of a checksum, or none. */
export function checksumHeaders(checksum: Checksum | StoredChecksum | undefined): Record<string, string> {
  if (!checksum) return {}
  const type = 'type' in checksum ? { 'x-amz-checksum-type': checksum.type } : {}
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, ...type }
}

/** The element of a checksum, or none. */
export function checksumElements(checksum: Checksum | StoredChecksum | undefined): Record<string, string> {
  if (!checksum) return {}
  const type = 'type' in checksum ? { ChecksumType: checksum.type } : {}
  return { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value, ...type }
}

/** An etag as it travels. */
export function quoted(etag: string): string {
  return `"${etag}"`
}
