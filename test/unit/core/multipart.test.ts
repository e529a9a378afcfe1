import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/core/errors.ts'
import { type Form, readForm } from '../../../shared/core/multipart.ts'
import { fileBytes } from '../../support/files.ts'
import { type Multipart, multipartBody } from '../../support/multipartBody.ts'

const request = (
  { contentType, bytes }: Multipart,
  body: ReadableStream<Uint8Array> | Buffer<ArrayBuffer> = Buffer.from(bytes),
): Request =>
  new Request('https://service.test/', {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
    duplex: 'half',
  })

const whole = multipartBody([
  { name: 'title', bytes: '标题' },
  { name: 'media', filename: '日落.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg', 400) },
  { name: 'introduction', bytes: 'x'.repeat(100) },
])

/** Reads what it can; anything but a documented 4xx is a fault of the reader. */
async function outcome(form: Multipart): Promise<Form | AppError> {
  try {
    return await readForm(request(form), undefined)
  } catch (error) {
    if (error instanceof AppError && error.status >= 400 && error.status < 500) return error
    throw error
  }
}

describe('any body', () => {
  it('cut off anywhere is refused, never half accepted', async () => {
    // The last line break after the closing delimiter may be missing.
    for (let length = 0; length < whole.bytes.length - 2; length++) {
      const result = await outcome({ ...whole, bytes: whole.bytes.subarray(0, length) })
      expect([length, result instanceof AppError]).toEqual([length, true])
    }
  })

  it('with bytes changed, removed or doubled ends in a form or a 4xx, always', async () => {
    const mutation = fc.record({
      at: fc.nat({ max: whole.bytes.length }),
      remove: fc.nat({ max: 40 }),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc
          .constantFrom('\r\n', '\r\n\r\n', '--', '"', ';', '\0', "filename*=UTF-8''%", 'filename="')
          .map(text => Buffer.from(text)),
        fc.nat({ max: 300 }).map(from => whole.bytes.subarray(from, from + 60)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async mutations => {
        let { bytes } = whole
        for (const { at, remove, insert } of mutations) {
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])
        }
        const result = await outcome({ ...whole, bytes })
        if (!(result instanceof AppError)) {
          const length = result.file.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
          expect(result.file.size).toBe(length)
          expect(length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 2_000, seed: 20261123 },
    )
  })

  it('of random bytes under a random content type ends in a 4xx', async () => {
    const contentType = fc.oneof(
      fc.constantFrom(
        'multipart/form-data',
        'multipart/form-data; boundary=',
        'multipart/form-data; boundary=a',
        'multipart/mixed; boundary=a',
        'text/plain',
        'multipart/form-data; boundary="a b"; charset=x',
      ),
      fc.stringMatching(/^multipart\/form-data; ?[!-~]{0,90}$/),
    )
    await fc.assert(
      fc.asyncProperty(contentType, fc.uint8Array({ maxLength: 200 }), async (type, bytes) => {
        expect(await outcome({ contentType: type, bytes: Buffer.from(bytes) })).toBeInstanceOf(AppError)
      }),
      { numRuns: 500, seed: 20261123 },
    )
  })

  it('comes out the same however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }), async sizes => {
        const chunks: Uint8Array[] = []
        for (let at = 0, turn = 0; at < whole.bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          chunks.push(new Uint8Array(whole.bytes.subarray(at, at + size)))
          at += size
        }
        const { file, fields } = await readForm(request(whole, streamOf(chunks)), undefined)
        expect(Buffer.concat(file.chunks)).toEqual(fileBytes('jpg', 400))
        expect([file.filename, fields['title']]).toEqual(['日落.jpg', '标题'])
      }),
      { numRuns: 100, seed: 20261123 },
    )
  })
})

describe('a form', () => {
  it('byte by byte is read like one in a piece', async () => {
    const bytes = [...whole.bytes].map(byte => Uint8Array.of(byte))
    const { file } = await readForm(request(whole, streamOf(bytes)), undefined)
    expect(Buffer.concat(file.chunks)).toEqual(fileBytes('jpg', 400))
  })

  it('may contain its own delimiter almost', async () => {
    const bytes = Buffer.concat([
      fileBytes('jpg', 50),
      Buffer.from('\r\n------sucaiTestBoundary7MA4YWx'),
      Buffer.of(0xff),
    ])
    const form = multipartBody([{ filename: 'a.jpg', bytes }])
    const { file } = await readForm(request(form), undefined)
    expect(Buffer.concat(file.chunks)).toEqual(bytes)
  })

  it.each([
    ['filename="日落 (1).jpg"', '日落 (1).jpg'],
    ['filename="a\\"b.jpg"', 'a"b.jpg'],
    ["filename*=UTF-8''%E6%97%A5.jpg", '日.jpg'],
    ['filename=bare.jpg', 'bare.jpg'],
    ['filename="C:\\\\fakepath\\\\x.jpg"', 'x.jpg'],
    ['filename="../../x.jpg"', 'x.jpg'],
  ])('names its file by %s', async (parameter, name) => {
    const raw = `Content-Disposition: form-data; name="f"; ${parameter}\r\nContent-Type: image/jpeg`
    const { file } = await readForm(request(multipartBody([{ raw, bytes: 'x' }])), undefined)
    expect(file.filename).toBe(name)
  })

  it('cannot reach the prototype through a field name', async () => {
    const form = multipartBody([
      { name: '__proto__', bytes: 'polluted' },
      { name: 'constructor', bytes: 'x' },
      { filename: 'a.jpg', bytes: 'x' },
    ])
    const { fields } = await readForm(request(form), undefined)
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor'])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('that does not arrive in time is given up', async () => {
    const stop = new AbortController()
    const never = new ReadableStream<Uint8Array>({
      start: controller => controller.enqueue(new Uint8Array(whole.bytes.subarray(0, 300))),
    })
    const reading = readForm(request(whole, never), undefined, stop.signal)
    stop.abort()
    await expect(reading).rejects.toMatchObject({ code: 'OUT_OF_TIME' })
  })

  it('whose time was over before is given up too', async () => {
    const never = new ReadableStream<Uint8Array>({})
    await expect(readForm(request(whole, never), undefined, AbortSignal.abort())).rejects.toMatchObject({
      code: 'OUT_OF_TIME',
    })
  })

  it('whose sender goes away is malformed', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: controller => controller.error(new Error('reset')) })
    await expect(readForm(request(whole, broken), undefined)).rejects.toMatchObject({ code: 'INVALID_MULTIPART' })
  })

  it('that says it is too large is refused before it is read', async () => {
    const length = String(5 * 1024 * 1024)
    const announced = new Request('https://service.test/', {
      method: 'POST',
      headers: { 'content-type': whole.contentType, 'content-length': length },
      body: Buffer.from(whole.bytes),
    })
    await expect(readForm(announced, undefined)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' })
  })
})

function streamOf(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const next = rest.shift()
      if (next) controller.enqueue(next)
      else controller.close()
    },
  })
}
