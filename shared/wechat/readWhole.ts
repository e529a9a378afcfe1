/** Reads a small answer to its end. */
import type { Readable } from 'node:stream'

const MAX_ANSWER_BYTES = 2 * 1024 * 1024

/** What came of a body; not `complete` when it broke off or was cut at 2 MiB. */
export interface WholeBody {
  bytes: Buffer
  complete: boolean
}

/** Reads `body`, through `chunks` and behind `first` where its beginning was already read. Never throws. */
export async function readWhole(
  body: Readable,
  chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator](),
  first: Uint8Array = new Uint8Array(),
): Promise<WholeBody> {
  const parts: Uint8Array[] = [first]
  let length = first.length
  const soFar = (complete: boolean): WholeBody => ({ bytes: Buffer.concat(parts), complete })
  try {
    for (;;) {
      const next = await chunks.next()
      if (next.done) return soFar(true)
      parts.push(next.value)
      length += next.value.length
      if (length > MAX_ANSWER_BYTES) return soFar(false)
    }
  } catch {
    return soFar(false)
  } finally {
    body.destroy()
  }
}
