/** Objects in memory, for tests and simulations: the same promises as a real store, no network. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { AppError } from '../core/errors.ts'
import type { ObjectInfo, ObjectStore } from '../ports/objectStore.ts'
import { checkLength, gathered } from './objectBody.ts'

const READ_BYTES = 64 * 1024

/** An empty store. Aborted signals reject with their reason. */
export function memoryObjects(): ObjectStore {
  const objects = new Map<string, { info: ObjectInfo; bytes: Buffer }>()
  const copied = (info: ObjectInfo): ObjectInfo => ({ ...info, metadata: { ...info.metadata } })
  return {
    async head(key, signal) {
      signal?.throwIfAborted()
      const found = objects.get(key)
      return found && copied(found.info)
    },
    async read(key, { etag, signal } = {}) {
      signal?.throwIfAborted()
      const found = objects.get(key)
      if (!found) return undefined
      if (etag !== undefined && etag !== found.info.etag) {
        throw new AppError('OBJECT_CHANGED', 'The stored bytes are not those any more.')
      }
      return { ...copied(found.info), body: Readable.from(pieces(found.bytes, signal), { objectMode: false }) }
    },
    async write(key, body, { contentType, size, metadata = {}, signal }) {
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : await gathered(body, { size, signal })
      signal?.throwIfAborted()
      checkLength(size, bytes.length)
      const etag = createHash('md5').update(bytes).digest('hex')
      objects.set(key, { bytes, info: { key, size: bytes.length, etag, contentType, metadata: { ...metadata } } })
      return { etag }
    },
    async describe(key, { contentType, metadata = {}, signal }) {
      signal?.throwIfAborted()
      const found = objects.get(key)
      if (!found) throw new AppError('OBJECT_MISSING', 'There is no such object.')
      objects.set(key, { ...found, info: { ...found.info, contentType, metadata: { ...metadata } } })
    },
    async remove(key, signal) {
      signal?.throwIfAborted()
      objects.delete(key)
    },
  }
}

/** Copies, so that no reader can change what is stored. */
function* pieces(bytes: Buffer, signal: AbortSignal | undefined): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += READ_BYTES) {
    signal?.throwIfAborted()
    yield Buffer.from(bytes.subarray(start, start + READ_BYTES))
  }
}
