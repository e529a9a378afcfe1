import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { firstBytes } from '../../../shared/core/firstBytes.ts'

it('the first bytes are seen and nothing is lost, however the stream is cut', async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 100 }), async (parts, wanted) => {
      const whole = Buffer.concat(parts)
      const body = Readable.from(parts, { objectMode: false })
      expect(Buffer.from(await firstBytes(body, wanted))).toEqual(whole.subarray(0, wanted))
      expect(await buffer(body)).toEqual(whole)
    }),
    { numRuns: 500, seed: 20261123 },
  )
})

it('a stream that comes slowly is waited for', async () => {
  const body = new Readable({ read: () => undefined })
  const head = firstBytes(body, 4)
  body.push(Buffer.of(1, 2))
  await new Promise(setImmediate)
  body.push(Buffer.of(3))
  await new Promise(setImmediate)
  body.push(Buffer.of(0x84, 5))
  expect(Buffer.from(await head)).toEqual(Buffer.of(1, 2, 3, 0x84))
  body.push(null)
  expect(await buffer(body)).toEqual(Buffer.of(1, 2, 3, 0x84, 5))
})

it('a stream that fails says so', async () => {
  const body = new Readable({ read: () => undefined })
  const head = firstBytes(body, 4)
  body.destroy(new Error('the store went away'))
  await expect(head).rejects.toThrow('the store went away')
})

it('a stream that had failed before says so too, instead of waiting for ever', async () => {
  const body = new Readable({ read: () => undefined })
  body.on('error', () => undefined)
  body.destroy(new Error('the store went away'))
  await new Promise(setImmediate)
  await expect(firstBytes(body, 4)).rejects.toThrow()
})

it('a stream that fails after its head, before anybody reads on, fails its reader and nothing else', async () => {
  const body = new Readable({ read: () => undefined })
  body.push(Buffer.of(0xff, 0xd8, 0xff))
  await firstBytes(body, 3)
  body.destroy(new Error('the connection broke'))
  await new Promise(setImmediate)
  await expect(buffer(body)).rejects.toThrow('the connection broke')
})
