import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../shared/ports/objectStore.ts'
import { testBytes } from '../support/objectServer.ts'

/** A store under test; every test gets a fresh one. */
export interface StoreUnderTest {
  store: ObjectStore
  close(): Promise<void>
}

const KEY = 'in/公众号/封 面+1%.jpg'
const JPEG = { contentType: 'image/jpeg' }

const readAll = async (body: Readable): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What every implementation of the ObjectStore port promises. */
export function objectStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`ObjectStore contract: ${name}`, () => {
    let under: StoreUnderTest
    let store: ObjectStore
    beforeEach(async () => {
      under = await open()
      store = under.store
    })
    afterEach(() => under.close())

    const bytesOf = async (key: string): Promise<Buffer | undefined> => {
      const opened = await store.read(key)
      return opened && readAll(opened.body)
    }

    test('answers undefined where there is no object', async () => {
      expect(await store.head(KEY)).toBeUndefined()
      expect(await store.read(KEY)).toBeUndefined()
      expect(await store.read(KEY, { etag: '0'.repeat(32) })).toBeUndefined()
    })

    test('keeps bytes, size, type and metadata of any Unicode', async () => {
      const bytes = testBytes(70_000)
      const metadata = { 'upload-id': ' 01j 100% "x" ', filename: '封面 ✓ 🐼.jpg', empty: '' }
      const { etag } = await store.write(KEY, bytes, { ...JPEG, metadata })
      const facts = { key: KEY, size: 70_000, etag, contentType: 'image/jpeg', metadata }
      expect(await store.head(KEY)).toEqual(facts)
      const opened = await store.read(KEY, { etag })
      expect(opened).toMatchObject(facts)
      expect(opened && (await readAll(opened.body)).equals(bytes)).toBe(true)
      expect(etag).toMatch(/^[^"]+$/)
    })

    test('keeps an object without bytes', async () => {
      await store.write(KEY, new Uint8Array(0), JPEG)
      await store.write('stream', Readable.from([]), { ...JPEG, size: 0 })
      expect((await store.head(KEY))?.size).toBe(0)
      expect(await bytesOf('stream')).toEqual(Buffer.alloc(0))
    })

    test('is not changed by what happens to the written or the read bytes', async () => {
      const bytes = testBytes(1000)
      await store.write(KEY, bytes, JPEG)
      bytes.fill(0)
      const opened = await store.read(KEY)
      for await (const chunk of opened?.body ?? []) chunk.fill(0)
      expect(await bytesOf(KEY)).toEqual(testBytes(1000))
    })

    test('replaces an object and then refuses the old etag', async () => {
      const first = await store.write(KEY, testBytes(10), JPEG)
      const second = await store.write(KEY, testBytes(10, 0x90), { contentType: 'image/png' })
      expect(second.etag).not.toBe(first.etag)
      await expect(store.read(KEY, { etag: first.etag })).rejects.toMatchObject({ code: 'OBJECT_CHANGED' })
      expect((await store.head(KEY))?.contentType).toBe('image/png')
      expect(await bytesOf(KEY)).toEqual(testBytes(10, 0x90))
    })

    test('describes an object anew and leaves its bytes', async () => {
      const { etag } = await store.write(KEY, testBytes(70_000), { ...JPEG, metadata: { old: '旧' } })
      await store.describe(KEY, { contentType: 'image/png', metadata: { sha256: 'ab', name: '新' } })
      const facts = { key: KEY, size: 70_000, etag, contentType: 'image/png', metadata: { sha256: 'ab', name: '新' } }
      expect(await store.head(KEY)).toEqual(facts)
      expect(await bytesOf(KEY)).toEqual(testBytes(70_000))
      await expect(store.describe('none', JPEG)).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
    })

    test('takes a storage class', async () => {
      await store.write(KEY, testBytes(10), { ...JPEG, storageClass: 'STANDARD_IA' })
      expect(await bytesOf(KEY)).toEqual(testBytes(10))
    })

    test('writes a stream whose size is known, chunk by chunk', async () => {
      const bytes = testBytes(1_500_000)
      const chunks = [bytes.subarray(0, 1), Buffer.alloc(0), bytes.subarray(1, 900_000), bytes.subarray(900_000)]
      const { etag } = await store.write(KEY, Readable.from(chunks), { ...JPEG, size: bytes.length })
      expect(await store.head(KEY)).toMatchObject({ etag, size: bytes.length })
      expect((await bytesOf(KEY))?.equals(bytes)).toBe(true)
    })

    test.each([
      ['shorter', 99],
      ['longer', 101],
    ])('refuses a stream that is %s than its size and leaves what was there', async (_, length) => {
      const body = () => Readable.from([testBytes(50), testBytes(length - 50)])
      await expect(store.write(KEY, body(), { ...JPEG, size: 100 })).rejects.toMatchObject({
        code: 'FILE_CONTENT_MISMATCH',
        details: { declared: 100 },
      })
      expect(await store.head(KEY)).toBeUndefined()
      await store.write(KEY, testBytes(5), JPEG)
      await expect(store.write(KEY, body(), { ...JPEG, size: 100 })).rejects.toThrow()
      expect(await bytesOf(KEY)).toEqual(testBytes(5))
    })

    test.each([100, 131_072])('refuses a stream that goes on after exactly its size of %i bytes', async size => {
      async function* source() {
        yield testBytes(size)
        // Time enough for a store that has got all of its bytes to keep them.
        for (let round = 0; round < 20; round++) await store.head(KEY)
        yield testBytes(1)
        for (let round = 0; round < 20; round++) await store.head(KEY)
      }
      const body = Readable.from(source())
      await expect(store.write(KEY, body, { ...JPEG, size })).rejects.toMatchObject({
        code: 'FILE_CONTENT_MISMATCH',
      })
      expect(await store.head(KEY)).toBeUndefined()
    })

    test('refuses bytes of another length than their size', async () => {
      await expect(store.write(KEY, testBytes(9), { ...JPEG, size: 10 })).rejects.toMatchObject({
        code: 'FILE_CONTENT_MISMATCH',
      })
      expect(await store.head(KEY)).toBeUndefined()
    })

    test('gathers a stream of unknown size, up to 20 MiB', async () => {
      const mebibyte = testBytes(1024 * 1024)
      await store.write(KEY, Readable.from([mebibyte, mebibyte]), JPEG)
      expect((await store.head(KEY))?.size).toBe(2 * 1024 * 1024)
      const tooMuch = Readable.from([...Array.from({ length: 20 }, () => mebibyte), Buffer.of(0xff)])
      await expect(store.write('big', tooMuch, JPEG)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' })
      expect(await store.head('big')).toBeUndefined()
      expect(tooMuch.destroyed).toBe(true)
    })

    test.each([
      ['known', { size: 100 }],
      ['unknown', {}],
    ])('passes the error of a body of %s size on and leaves no object', async (_, size) => {
      const broken = new Error('the source broke')
      async function* source() {
        yield testBytes(50)
        throw broken
      }
      await expect(store.write(KEY, Readable.from(source()), { ...JPEG, ...size })).rejects.toBe(broken)
      expect(await store.head(KEY)).toBeUndefined()
    })

    test('removes an object; a second time is no error', async () => {
      await store.write(KEY, testBytes(10), JPEG)
      await store.remove(KEY)
      await store.remove(KEY)
      expect(await store.head(KEY)).toBeUndefined()
    })

    test('rejects with the reason of an aborted signal', async () => {
      await store.write(KEY, testBytes(10), JPEG)
      const reason = new Error('out of time')
      const signal = AbortSignal.abort(reason)
      await expect(store.head(KEY, signal)).rejects.toBe(reason)
      await expect(store.read(KEY, { signal })).rejects.toBe(reason)
      await expect(store.write('other', testBytes(10), { ...JPEG, signal })).rejects.toBe(reason)
      await expect(store.remove(KEY, signal)).rejects.toBe(reason)
      expect(await store.head('other')).toBeUndefined()
      expect(await store.head(KEY)).toBeDefined()
    })

    test('leaves no object when a write is aborted half way', async () => {
      const controller = new AbortController()
      const reason = new Error('out of time')
      async function* source() {
        yield testBytes(50)
        controller.abort(reason)
        yield testBytes(50)
      }
      const writing = store.write(KEY, Readable.from(source()), { ...JPEG, size: 100, signal: controller.signal })
      await expect(writing).rejects.toBe(reason)
      expect(await store.head(KEY)).toBeUndefined()
    })

    test.each([
      ['known', { size: 100 }],
      ['unknown', {}],
    ])('lets go of a silent body of %s size when the signal aborts', async (_, size) => {
      const reason = new Error('out of time')
      const controller = new AbortController()
      const silent = new Readable({ read: () => setImmediate(() => controller.abort(reason)) })
      const writing = store.write(KEY, silent, { ...JPEG, ...size, signal: controller.signal })
      await expect(writing).rejects.toBe(reason)
      expect(silent.destroyed).toBe(true)
      const late = Readable.from([testBytes(100)])
      await expect(store.write(KEY, late, { ...JPEG, ...size, signal: controller.signal })).rejects.toBe(reason)
      expect(late.destroyed).toBe(true)
    })

    test('breaks off reading when the signal aborts', async () => {
      await store.write(KEY, testBytes(2_000_000), JPEG)
      const controller = new AbortController()
      const reason = new Error('out of time')
      const opened = await store.read(KEY, { signal: controller.signal })
      const reading = async () => {
        for await (const _ of opened?.body ?? []) controller.abort(reason)
      }
      await expect(reading()).rejects.toBe(reason)
    })

    test('lets a reader give up early', async () => {
      await store.write(KEY, testBytes(2_000_000), JPEG)
      const opened = await store.read(KEY)
      opened?.body.destroy()
      const again = await store.read(KEY)
      for await (const _ of again?.body ?? []) break
      expect(again?.body.destroyed).toBe(true)
      expect((await bytesOf(KEY))?.length).toBe(2_000_000)
    })

    test('keeps one whole object of many written at once', async () => {
      const versions = Array.from({ length: 8 }, (_, index) => testBytes(100_000, index))
      await Promise.all(versions.map(version => store.write(KEY, version, JPEG)))
      const stored = await bytesOf(KEY)
      expect(versions.filter(version => stored?.equals(version))).toHaveLength(1)
    })
  })
}
