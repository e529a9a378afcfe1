/** Reads a small answer to its end. */
import type { Readable } from 'node:stream'

const MAX_ANSWER_BYTES = 2 * 1024 * 1024

/** What came of a body; not `complete` when it broke off or was cut at 2 MiB. */
export interface WholeBody {
  bytes: Buffer
  complete: boolean
}

/** Reads `body`. Never throws. */
export async function readWhole(body: Readable): Promise<WholeBody> {
  const parts: Uint8Array[] = []
  let length = 0
  const soFar = (complete: boolean): WholeBody => ({ bytes: Buffer.concat(parts), complete })
  try {
    for await (const chunk of body) {
      parts.push(chunk)
      length += chunk.length
      if (length > MAX_ANSWER_BYTES) return soFar(false)
    }
    return soFar(true)
  } catch {
    return soFar(false)
  } finally {
    body.destroy()
  }
}
