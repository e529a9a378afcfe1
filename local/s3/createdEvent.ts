/** ObjectCreated events in the shape Lambda gets them (AWS, "Event message structure", version 2.1). */
import { randomUUID } from 'node:crypto'
import type { StoredObject } from './storedObject.ts'

/** How an object came to be. */
export type CreatedBy = 'Put' | 'Post' | 'Copy' | 'CompleteMultipartUpload'

/** One element of `Records`. */
export interface ObjectCreatedRecord {
  eventVersion: '2.1'
  eventSource: 'aws:s3'
  awsRegion: string
  /** ISO 8601 */
  eventTime: string
  eventName: `ObjectCreated:${CreatedBy}`
  userIdentity: { principalId: string }
  requestParameters: { sourceIPAddress: string }
  responseElements: { 'x-amz-request-id': string; 'x-amz-id-2': string }
  s3: {
    s3SchemaVersion: '1.0'
    configurationId: string
    bucket: { name: string; ownerIdentity: { principalId: string }; arn: string }
    /** `key` is URL-encoded with + for a space, `size` in bytes, `sequencer` comparable as text. */
    object: { key: string; size: number; eTag: string; sequencer: string }
  }
}

/** The record of `object` in `bucket`. */
export function createdRecord(
  object: StoredObject,
  bucket: string,
  origin: { by: CreatedBy; region: string; address: string },
): ObjectCreatedRecord {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: origin.region,
    eventTime: new Date(object.lastModified).toISOString(),
    eventName: `ObjectCreated:${origin.by}`,
    userIdentity: { principalId: 'AWS:LOCAL' },
    requestParameters: { sourceIPAddress: origin.address },
    responseElements: { 'x-amz-request-id': randomUUID(), 'x-amz-id-2': randomUUID() },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'local',
      bucket: { name: bucket, ownerIdentity: { principalId: 'LOCAL' }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key: urlEncodedKey(object.key),
        size: object.size,
        eTag: object.etag,
        sequencer: object.sequence.toString(16).toUpperCase().padStart(18, '0'),
      },
    },
  }
}

/** A key as S3 writes it into events and into lists with `encoding-type=url`: slashes stay, a space is +. */
export function urlEncodedKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replace(/[!'()]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
