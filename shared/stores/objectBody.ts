/** Bodies on their way into a store: their length is kept to, or nothing is stored. */
import { addAbortSignal, type Readable } from 'node:stream'
import { AppError } from '../core/errors.ts'
import { Passing, PIECE_BYTES } from '../core/passing.ts'

/** Bytes of unknown length that are held in memory at most. */
const MAX_GATHERED_BYTES = 20 * 1024 * 1024

/**
 * The same bytes; the last ones leave only when the length has proved right, so that no receiver ever has a whole body of
 * the wrong length. Fails with `AppError('FILE_CONTENT_MISMATCH')`.
 */
export function exactly(body: Readable, size: number): Readable {
  return new Passing(body, {
    pieces: PIECE_BYTES,
    arrive(total) {
      if (total > size) throw wrongLength(size, total)
    },
    end(total) {
      if (total !== size) throw wrongLength(size, total)
      return undefined
    },
  })
}

/**
 * All bytes of `body` in memory: exactly `size` when given (`AppError('FILE_CONTENT_MISMATCH')`), else 20 MiB at
 * most (`AppError('FILE_TOO_LARGE')`). When `signal` aborts, rejects with its reason and destroys the body.
 */
export async function gathered(
  body: Readable,
  { size, signal }: { size?: number | undefined; signal?: AbortSignal | undefined },
): Promise<Buffer> {
  if (signal) addAbortSignal(signal, body)
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of size === undefined ? limited(body) : exactly(body, size)) chunks.push(chunk)
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
  return Buffer.concat(chunks)
}

/** Throws `AppError('FILE_CONTENT_MISMATCH')` unless `received` is `declared` (bytes). */
export function checkLength(declared: number | undefined, received: number): void {
  if (declared !== undefined && declared !== received) throw wrongLength(declared, received)
}

/** The same bytes; a connection that breaks ends with what `failure` makes of it, an abort with the signal's reason. */
export function ownErrors(
  body: Readable,
  signal: AbortSignal | undefined,
  failure: (cause: unknown) => AppError,
): Readable {
  return new Passing(body, { failure: cause => (signal?.aborted ? signal.reason : failure(cause)) })
}

async function* limited(body: Readable): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    const bytes = asBytes(chunk)
    size += bytes.length
    if (size > MAX_GATHERED_BYTES) {
      throw new AppError('FILE_TOO_LARGE', 'A file of unknown length may have 20 MiB at most.', {
        maximum: MAX_GATHERED_BYTES,
      })
    }
    yield bytes
  }
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  throw new AppError('INTERNAL', 'Something went wrong inside the service.', {}, { cause: new TypeError('not bytes') })
}

const wrongLength = (declared: number, received: number) =>
  new AppError('FILE_CONTENT_MISMATCH', 'The file does not have the length that was declared.', { declared, received })
