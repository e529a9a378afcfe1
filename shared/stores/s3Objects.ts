/** Objects in S3, or in any server that speaks it. */
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { AppError } from '../core/errors.ts'
import type { ObjectInfo, ObjectStore } from '../ports/objectStore.ts'
import { checkLength, exactly, gathered, ownErrors } from './objectBody.ts'
import { decodedMetadata, encodedMetadata } from './objectMetadata.ts'

const DEFAULT_TYPE = 'application/octet-stream'

/** Where the objects are. `client` is called at first use; make it return the same client each time. */
export interface S3ObjectsOptions {
  bucket: string
  /** From `s3Client`: others may re-frame streams as aws-chunked. */
  client: () => S3Client
}

/**
 * An object store over one bucket. Throws `AppError`: `OBJECT_CHANGED` when an etag does not fit any more,
 * `STORE_UNAVAILABLE` when S3 cannot be reached or fails, `INTERNAL` when it refuses. An aborted signal's
 * reason and an error of the body being written pass through as they are.
 */
export function s3Objects({ bucket, client }: S3ObjectsOptions): ObjectStore {
  return {
    async head(key, signal) {
      const found = await answerOf(signal, abort =>
        client().send(new HeadObjectCommand({ Bucket: bucket, Key: key }), abort),
      )
      return found && info(key, found)
    },
    async read(key, { etag, signal } = {}) {
      const condition = etag === undefined ? {} : { IfMatch: `"${etag}"` }
      const found = await answerOf(signal, abort =>
        client().send(new GetObjectCommand({ Bucket: bucket, Key: key, ...condition }), abort),
      )
      if (!found) return undefined
      if (!(found.Body instanceof Readable)) throw unavailable(new TypeError('GetObject answered without a stream'))
      return { ...info(key, found), body: ownErrors(found.Body, signal, unavailable) }
    },
    async write(key, body, { contentType, size, metadata, storageClass, signal }) {
      const put = (content: { Body: Readable | Uint8Array; ContentLength: number }, abort: Abort) =>
        client().send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            ContentType: contentType,
            Metadata: encodedMetadata(metadata ?? {}),
            ...(storageClass && { StorageClass: storageClass }),
            ...content,
          }),
          abort,
        )
      if (body instanceof Readable && size !== undefined) {
        return written(await streamed(body, { size, signal, put }))
      }
      const bytes = body instanceof Uint8Array ? body : await gathered(body, { signal })
      checkLength(size, bytes.length)
      return written(await answerOf(signal, abort => put({ Body: bytes, ContentLength: bytes.length }, abort)))
    },
    async describe(key, { contentType, metadata, storageClass, signal }) {
      // S3 changes facts by copying an object onto itself.
      const command = new CopyObjectCommand({
        Bucket: bucket,
        Key: key,
        CopySource: `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
        MetadataDirective: 'REPLACE',
        ContentType: contentType,
        Metadata: encodedMetadata(metadata ?? {}),
        ...(storageClass && { StorageClass: storageClass }),
      })
      const copied = await answerOf(signal, abort => client().send(command, abort))
      if (!copied) throw new AppError('OBJECT_MISSING', 'There is no such object.')
    },
    async remove(key, signal) {
      await answerOf(signal, abort => client().send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), abort))
    },
  }
}

type Abort = { abortSignal?: AbortSignal }

/**
 * Sends a stream of known length. The SDK pipes it and never sees it fail, so a failing body has to abort the
 * request; what went wrong with the body is what the caller gets.
 */
async function streamed<T>(
  body: Readable,
  call: {
    size: number
    signal: AbortSignal | undefined
    put(content: { Body: Readable; ContentLength: number }, abort: Abort): Promise<T>
  },
): Promise<T | undefined> {
  const broken = new AbortController()
  const source = exactly(body, call.size)
  let failure: { error: unknown } | undefined
  source.once('error', error => {
    failure ??= { error }
    broken.abort(error)
  })
  const signal = call.signal ? AbortSignal.any([call.signal, broken.signal]) : broken.signal
  try {
    return await answerOf(signal, abort => call.put({ Body: source, ContentLength: call.size }, abort))
  } catch (error) {
    throw failure ? failure.error : error
  } finally {
    source.destroy()
    body.destroy()
  }
}

/** The answer, `undefined` for an object that does not exist; everything else is an error of ours. */
async function answerOf<T>(
  signal: AbortSignal | undefined,
  send: (abort: Abort) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await send(signal ? { abortSignal: signal } : {})
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (!(error instanceof S3ServiceException)) throw unavailable(error)
    const status = error.$metadata.httpStatusCode ?? 0
    if (status === 404 && error.name !== 'NoSuchBucket') return undefined
    if (status === 412) {
      throw new AppError('OBJECT_CHANGED', 'The stored bytes are not those any more.', {}, { cause: error })
    }
    if (status >= 500 || status === 429 || status === 0 || status === 404) throw unavailable(error)
    throw new AppError('INTERNAL', 'Something went wrong inside the service.', {}, { cause: error })
  }
}

interface Described {
  ContentLength?: number | undefined
  ETag?: string | undefined
  ContentType?: string | undefined
  Metadata?: Record<string, string> | undefined
}

function info(key: string, found: Described): ObjectInfo {
  return {
    key,
    size: found.ContentLength ?? 0,
    etag: plainEtag(found.ETag),
    contentType: found.ContentType ?? DEFAULT_TYPE,
    metadata: decodedMetadata(found.Metadata ?? {}),
  }
}

function written(answer: { ETag?: string | undefined } | undefined): { etag: string } {
  if (!answer) throw unavailable(new Error('PutObject answered 404'))
  return { etag: plainEtag(answer.ETag) }
}

const plainEtag = (etag: string | undefined): string => (etag ?? '').replace(/^"|"$/g, '')

const unavailable = (cause: unknown) =>
  new AppError('STORE_UNAVAILABLE', 'The object store cannot be reached.', {}, { cause })
