/** Objects on disk: a body file and a JSON sidecar, whose rename is the moment the object exists. */
import { renameSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bucket } from './buckets.ts'
import { type DataFiles, discard, hashedName, isMissing, type Received } from './dataFiles.ts'
import { S3Error } from './s3Error.ts'
import type { ObjectFacts, StoredChecksum, StoredObject } from './storedObject.ts'

/** An object about to be. */
export interface ObjectDraft {
  key: string
  received: Pick<Received, 'path' | 'size'>
  /** Without quotes. */
  etag: string
  facts: ObjectFacts
  checksum: StoredChecksum | undefined
  /** Throws when the object as it stands forbids the write. */
  precondition?(current: StoredObject | undefined): void
}

/** An object and its open body; whoever has it closes `file`. */
export interface OpenedObject {
  object: StoredObject
  file: FileHandle
}

/** Reading and changing objects. Each change happens within one turn, so none can come between its steps. */
export interface Objects {
  /** Makes a draft visible in one step. The received file is used up, also when this throws. */
  commit(bucket: Bucket, draft: ObjectDraft): StoredObject
  /** The object; throws `S3Error('NoSuchKey')`. */
  get(bucket: Bucket, key: string): StoredObject
  open(bucket: Bucket, key: string): Promise<OpenedObject>
  /** A temporary second name of an object's body, with the object it belongs to. */
  share(bucket: Bucket, key: string): { object: StoredObject; path: string }
  setTags(bucket: Bucket, key: string, tags: ObjectFacts['tags']): void
  remove(bucket: Bucket, key: string): void
}

/** Objects below the buckets' directories; `now` is in ms, `nextSequence` grows with each call. */
export function objectsOnDisk({
  files,
  now,
  nextSequence,
}: {
  files: DataFiles
  now(): number
  nextSequence(): number
}): Objects {
  const sidecar = (bucket: Bucket, key: string) => join(bucket.directory, 'objects', `${hashedName(key)}.json`)
  const bodyPath = (bucket: Bucket, object: StoredObject) => join(bucket.directory, 'bodies', object.file)
  const get = (bucket: Bucket, key: string): StoredObject => {
    const object = bucket.objects.get(key)
    if (!object) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { fields: { Key: key } })
    return object
  }
  return {
    get,
    commit(bucket, draft) {
      try {
        const before = bucket.objects.get(draft.key)
        draft.precondition?.(before)
        const sequence = nextSequence()
        const object: StoredObject = {
          key: draft.key,
          file: `${hashedName(draft.key)}-${sequence.toString(16)}`,
          size: draft.received.size,
          etag: draft.etag,
          lastModified: now(),
          sequence,
          ...draft.facts,
          ...(draft.checksum && { checksum: draft.checksum }),
        }
        renameSync(draft.received.path, bodyPath(bucket, object))
        try {
          files.writeRecord(sidecar(bucket, draft.key), object)
        } catch (error) {
          discard(bodyPath(bucket, object))
          throw error
        }
        bucket.objects.set(object)
        if (before) discard(bodyPath(bucket, before))
        return object
      } catch (error) {
        discard(draft.received.path)
        throw error
      }
    },
    async open(bucket, key) {
      for (;;) {
        const object = get(bucket, key)
        try {
          return { object, file: await open(bodyPath(bucket, object), 'r') }
        } catch (error) {
          // A newer object may have taken the body's place since the index was asked.
          const same = bucket.objects.get(key)?.file === object.file
          if (same || !isMissing(error)) throw error
        }
      }
    },
    share(bucket, key) {
      const object = get(bucket, key)
      return { object, path: files.secondName(bodyPath(bucket, object)) }
    },
    setTags(bucket, key, tags) {
      const object = { ...get(bucket, key), tags }
      files.writeRecord(sidecar(bucket, key), object)
      bucket.objects.set(object)
    },
    remove(bucket, key) {
      const object = bucket.objects.get(key)
      if (!object) return
      discard(sidecar(bucket, key))
      bucket.objects.delete(key)
      discard(bodyPath(bucket, object))
    },
  }
}
