import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstBytes } from '../../../shared/core/firstBytes.ts'
import { Passing, PIECE_BYTES } from '../../../shared/core/passing.ts'

const HEAD = Buffer.from('头')
const TAIL = Buffer.from('尾')

/** `count` chunks of 16 kB, as a socket gives them, with every byte value. */
const records = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(16_384, index + 0x80))

/** A source that gives `chunks` and then ends, or fails, or closes without a word. */
function sourceOf(chunks: Uint8Array[], end: 'ends' | 'closes' | Error = 'ends'): Readable {
  let next = 0
  return new Readable({
    read() {
      const chunk = chunks[next++]
      if (chunk) this.push(chunk)
      else if (end === 'ends') this.push(null)
      else this.destroy(end === 'closes' ? undefined : end)
    },
  })
}

/** What a reader got before the stream ended or failed, and the failure. */
async function read(stream: Readable): Promise<{ pieces: Uint8Array[]; error?: unknown }> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of stream) pieces.push(piece)
    return { pieces }
  } catch (error) {
    return { pieces, error }
  }
}

describe('passing bytes', () => {
  it('changes none of them, however the source is cut and whether pieces are joined or not', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(chunks, fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }), async (cut, pieces) => {
        const seen: Uint8Array[] = []
        const rules = { head: HEAD, look: (piece: Uint8Array) => void seen.push(piece), end: () => TAIL }
        const got = await buffer(new Passing(sourceOf(cut), { ...rules, ...(pieces !== undefined && { pieces }) }))
        const whole = Buffer.concat(cut)
        expect(got).toEqual(Buffer.concat([HEAD, whole, TAIL]))
        expect(Buffer.concat(seen)).toEqual(whole)
      }),
    )
  })

  it('joins the records of a socket into pieces of 64 KiB', async () => {
    const sizes: number[] = []
    const look = (piece: Uint8Array) => void sizes.push(piece.length)
    await buffer(new Passing(sourceOf(records(10)), { pieces: PIECE_BYTES, look }))
    expect(sizes).toEqual([65_536, 65_536, 32_768])
  })

  it('hands a chunk that is large enough on as it is', async () => {
    const chunk = Buffer.alloc(PIECE_BYTES, 0xff)
    const seen: Uint8Array[] = []
    const look = (piece: Uint8Array) => void seen.push(piece)
    await buffer(new Passing(sourceOf([chunk, Buffer.from([0x80])]), { pieces: PIECE_BYTES, look }))
    expect(seen[0]).toBe(chunk)
  })

  it('keeps the last piece back from a reader when the end is refused', async () => {
    const refusal = new Error('another hash')
    const end = () => {
      throw refusal
    }
    const { pieces, error } = await read(new Passing(sourceOf(records(12)), { pieces: PIECE_BYTES, end }))
    expect(error).toBe(refusal)
    expect(Buffer.concat(pieces).length).toBeLessThan(12 * 16_384)
  })

  it('keeps what was held back from a reader when one byte more arrives than may', async () => {
    const refusal = new Error('too long')
    const arrive = (total: number) => {
      if (total > PIECE_BYTES) throw refusal
    }
    const { pieces, error } = await read(new Passing(sourceOf(records(5)), { pieces: PIECE_BYTES, arrive }))
    expect({ pieces, error }).toEqual({ pieces: [], error: refusal })
  })

  it('takes no more from its source than its reader has room for', async () => {
    let given = 0
    const source = new Readable({
      read() {
        given++
        this.push(Buffer.alloc(16_384))
      },
    })
    const passing = new Passing(source, { pieces: PIECE_BYTES })
    passing.read(0)
    await once(passing, 'readable')
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(given).toBeLessThan(24)
    passing.destroy()
    expect(source.destroyed).toBe(true)
  })
})

describe('a source that fails', () => {
  it('fails with what the rules make of it', async () => {
    const made = new Error('made of it')
    const failure = (cause: unknown) => Object.assign(made, { cause })
    const broken = new Error('ECONNRESET')
    const { error } = await read(new Passing(sourceOf(records(2), broken), { failure }))
    expect(error).toBe(made)
    expect(made.cause).toBe(broken)
  })

  it('fails when it closes before its end without an error', async () => {
    const { error } = await read(new Passing(sourceOf(records(2), 'closes')))
    expect(error).toMatchObject({ message: 'the stream closed early' })
  })

  it('fails when it could not be opened, and nothing goes out before', async () => {
    const refusal = new Error('no object')
    const opening = Promise.reject(refusal)
    expect(await read(new Passing(opening, { head: HEAD }))).toEqual({ pieces: [], error: refusal })
  })

  it('fails when it was closed before anybody asked', async () => {
    const source = sourceOf(records(1))
    source.destroy()
    expect(await read(new Passing(source))).toMatchObject({ error: { message: 'the stream closed early' } })
  })

  it('has its head and tail all the same when it ended before', async () => {
    const source = sourceOf([])
    source.resume()
    await once(source, 'end')
    expect(await buffer(new Passing(source, { head: HEAD, end: () => TAIL }))).toEqual(Buffer.concat([HEAD, TAIL]))
  })

  it('ends well behind a look at an empty source, which ends with that and closes later', async () => {
    const source = new Readable({ read: () => undefined, destroy: (error, done) => void setImmediate(done, error) })
    source.push(null)
    expect(await firstBytes(source, 16)).toHaveLength(0)
    const passing = new Passing(source, { end: () => TAIL })
    await once(source, 'close')
    expect(await buffer(passing)).toEqual(TAIL)
  })
})

describe('whoever destroys it', () => {
  it('gets no error event for his own error, and the source is closed', async () => {
    const source = sourceOf(records(20))
    const passing = new Passing(source)
    const errors: unknown[] = []
    passing.on('error', error => errors.push(error))
    passing.destroy(new Error('the socket broke'))
    await once(passing, 'close')
    expect(errors).toEqual([])
    expect(source.destroyed).toBe(true)
  })

  it('closes a source that is opened only then', async () => {
    const opening = Promise.withResolvers<Readable>()
    const passing = new Passing(opening.promise)
    passing.destroy()
    const source = sourceOf(records(1))
    opening.resolve(source)
    await opening.promise
    expect([passing.destroyed, source.destroyed]).toEqual([true, true])
  })
})
