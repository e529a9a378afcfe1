import type { Readable } from 'node:stream'

/** Looks at the first `wanted` bytes of `body` (fewer when it is shorter) and puts them back. */
export async function firstBytes(body: Readable, wanted: number): Promise<Uint8Array> {
  for (;;) {
    // All that was asked for, or, once the source has ended, the shorter rest.
    const head: unknown = body.read(wanted)
    if (head instanceof Uint8Array) {
      body.unshift(head)
      return head
    }
    if (body.readableEnded) return new Uint8Array()
    await changed(body)
  }
}

const changed = (body: Readable): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      body.off('readable', settle).off('end', settle).off('close', closed).off('error', settle)
      if (error) reject(error)
      else resolve()
    }
    const closed = () => settle(body.errored ?? (body.readableEnded ? undefined : new Error('the stream closed early')))
    body.once('readable', settle).once('end', settle).once('close', closed).once('error', settle)
  })
