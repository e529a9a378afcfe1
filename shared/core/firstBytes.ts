import type { Readable } from 'node:stream'

/**
 * Looks at the first `wanted` bytes of `body` (fewer when it is shorter) and puts them back. Rejects with the stream's
 * own error when it fails before; one that fails later fails whoever reads on, even before anybody does.
 */
export function firstBytes(body: Readable, wanted: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // One listener for the whole wait: adding it anew announces the bytes that are there already, again and again.
    // A stream reads ahead: an error that nobody hears would end the process.
    body.on('error', () => undefined)
    const stop = () => body.off('readable', look).off('end', look).off('close', fail).off('error', fail)
    const look = () => {
      // All that was asked for, or, once the source has ended, the shorter rest.
      const head: unknown = body.read(wanted)
      if (!(head instanceof Uint8Array) && !body.readableEnded) return
      stop()
      if (head instanceof Uint8Array) body.unshift(head)
      resolve(head instanceof Uint8Array ? head : new Uint8Array())
    }
    const fail = () => {
      stop()
      reject(body.errored ?? new Error('the stream closed early'))
    }
    if (body.readableEnded) resolve(new Uint8Array())
    else if (body.destroyed) reject(body.errored ?? new Error('the stream was closed'))
    else body.on('readable', look).on('end', look).on('close', fail).on('error', fail)
  })
}
