import { describe, expect, it } from 'vitest'
import { getUpload } from '../../functions/getUpload.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import type { MediaType } from '../../shared/ports/wechat.ts'
import { failingWrites, stateOf } from '../support/brokenTables.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { type Multipart, multipartBody, type Part } from '../support/multipartBody.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const MIB = 1024 * 1024
const image: Part = {
  name: 'media',
  filename: '日落 (1).jpg',
  contentType: 'image/jpeg',
  bytes: fileBytes('jpg', 2_000),
}

const form = (...parts: Part[]): Multipart => multipartBody(parts)
const ask = (type: MediaType, ...parts: Part[]): Ask => ({ params: { type }, form: form(...parts) })

describe('a file becomes permanent material', () => {
  it('of type image, byte for byte, its Chinese name around the stamp', async () => {
    await using service = await world()
    const { data } = await service.ok(uploadMaterial, { ...ask('image', image), key: service.keys.write })
    expect(service.materials()).toMatchObject([
      { type: 'image', media_id: data.media_id, sha256: sha256(fileBytes('jpg', 2_000)) },
    ])
    expect(service.materials()[0]?.filename).toBe(`日落 (1).${data.upload_id.slice(-10)}.jpg`)
    expect(data.url).toMatch(/^http/)
    expect(data.warnings).toBeUndefined()
  })

  it.each([
    ['voice', 'mp3', 'audio/mpeg'],
    ['voice', 'amr', 'audio/amr'],
    ['thumb', 'jpg', 'image/jpeg'],
    ['image', 'gif', 'image/gif'],
  ] as const)('of type %s as %s', async (type, format, contentType) => {
    await using service = await world()
    const bytes = fileBytes(format, 999)
    const part = { name: 'f', filename: `文件.${format}`, contentType, bytes }
    const { data } = await service.ok(uploadMaterial, ask(type, part))
    expect(service.materials()).toMatchObject([{ type, media_id: data.media_id, sha256: sha256(bytes) }])
    if (type === 'voice') expect(data.url).toBe('')
  })

  it('of type video with title and introduction from the form', async () => {
    await using service = await world()
    const video = { name: 'f', filename: '片.mp4', contentType: 'video/mp4', bytes: fileBytes('mp4', 3_000) }
    const text = [
      { name: 'title', bytes: '标题 “一”' },
      { name: 'introduction', bytes: '简介' },
    ]
    const { data } = await service.ok(uploadMaterial, ask('video', ...text, video))
    expect(data.url).toBe('')
    expect(await service.wechat.material(APP_ID).get(data.media_id)).toMatchObject({
      title: '标题 “一”',
      description: '简介',
    })
  })

  it('and its upload can be read', async () => {
    await using service = await world()
    const { data } = await service.ok(uploadMaterial, ask('image', image))
    const upload = await service.ok(getUpload, { params: { uploadId: data.upload_id } })
    expect(upload.data).toMatchObject({ state: 'STORED', media_id: data.media_id, url: data.url, attempts: 1 })
  })

  it('of exactly 4 MiB', async () => {
    await using service = await world()
    const bytes = fileBytes('jpg', 4 * MIB)
    await service.ok(uploadMaterial, ask('image', { ...image, bytes }))
    expect(service.materials()).toMatchObject([{ sha256: sha256(bytes) }])
  })

  it('from a part without Content-Type, as some SDKs send it', async () => {
    await using service = await world()
    const { contentType: _, ...bare } = image
    await service.ok(uploadMaterial, ask('image', bare))
    expect(service.materials()).toHaveLength(1)
  })

  it('from a browser’s unnamed blob, which gets the extension of its bytes', async () => {
    await using service = await world()
    await service.ok(uploadMaterial, ask('image', { ...image, filename: 'blob' }))
    expect(service.materials()[0]?.filename).toMatch(/^blob\.[0-9a-z]{10}\.jpg$/)
  })

  it.each([
    ['in the query', { query: { file_field: 'b' } }, []],
    ['in the form before the file', {}, [{ name: 'file_field', bytes: 'b' }]],
  ])('from the field that file_field names %s', async (_where, more, fields) => {
    await using service = await world()
    await service.ok(uploadMaterial, { ...ask('image', ...fields, { ...image, name: 'b' }), ...more })
    expect(service.materials()).toHaveLength(1)
  })

  it('although file_field comes after the file', async () => {
    await using service = await world()
    await service.ok(uploadMaterial, ask('image', { ...image, name: 'b' }, { name: 'file_field', bytes: 'b' }))
    expect(service.materials()).toHaveLength(1)
  })

  it('from the field that file_field names, of two', async () => {
    await using service = await world()
    const other = { ...image, name: 'other', filename: '别的.jpg' }
    await service.ok(uploadMaterial, { ...ask('image', other, image), query: { file_field: 'media' } })
    expect(service.materials().map(({ filename }) => filename)).toEqual([expect.not.stringContaining('别的')])
  })

  it('with an upload_id that no other upload has', async () => {
    await using service = await world()
    const files = Array.from({ length: 10 }, (_, seed) => ({ ...image, bytes: fileBytes('jpg', 300, seed) }))
    const answers = await service.drive(Promise.all(files.map(file => service.ok(uploadMaterial, ask('image', file)))))
    expect(new Set(answers.map(({ data }) => data.upload_id)).size).toBe(10)
    expect(service.materials()).toHaveLength(10)
  })
})

describe('bad input is refused without a call of WeChat', () => {
  const cut = (multipart: Multipart, bytes: number): Multipart => ({
    ...multipart,
    bytes: multipart.bytes.subarray(0, multipart.bytes.length - bytes),
  })
  const cases: [string, Ask, string, number][] = [
    ['no file', ask('image', { name: 'title', bytes: 'x' }), 'FILE_MISSING', 400],
    ['no part at all', { params: { type: 'image' }, form: form() }, 'FILE_MISSING', 400],
    ['two files', ask('image', image, { ...image, name: 'second' }), 'INVALID_MULTIPART', 400],
    ['two files in one field', ask('image', image, image), 'INVALID_MULTIPART', 400],
    ['three files', ask('image', image, image, image), 'INVALID_MULTIPART', 400],
    ['an empty file', ask('image', { ...image, bytes: '' }), 'FILE_EMPTY', 400],
    ['a file_field without file', { ...ask('image', image), query: { file_field: 'other' } }, 'FILE_MISSING', 400],
    [
      'a file without name',
      ask('image', {
        raw: 'Content-Disposition: form-data; name="media"; filename=""\r\nContent-Type: application/octet-stream',
        bytes: fileBytes('jpg'),
      }),
      'INVALID_MULTIPART',
      400,
    ],
    [
      'a file part that stops half-way',
      { params: { type: 'image' }, form: cut(form(image), 1_000) },
      'INVALID_MULTIPART',
      400,
    ],
    [
      'a missing closing delimiter',
      { params: { type: 'image' }, form: multipartBody([image], { end: false }) },
      'INVALID_MULTIPART',
      400,
    ],
    [
      'a malformed part header',
      { params: { type: 'image' }, form: form({ raw: 'no colon here\u0000', bytes: 'x' }) },
      'INVALID_MULTIPART',
      400,
    ],
    [
      'another boundary than announced',
      { params: { type: 'image' }, form: { ...form(image), contentType: 'multipart/form-data; boundary=other' } },
      'INVALID_MULTIPART',
      400,
    ],
    [
      'no boundary',
      { params: { type: 'image' }, form: { ...form(image), contentType: 'multipart/form-data' } },
      'UNSUPPORTED_CONTENT_TYPE',
      415,
    ],
    [
      'an empty boundary',
      { params: { type: 'image' }, form: { ...form(image), contentType: 'multipart/form-data; boundary=' } },
      'INVALID_MULTIPART',
      400,
    ],
    [
      'an empty body',
      { params: { type: 'image' }, form: { ...form(image), bytes: Buffer.alloc(0) } },
      'INVALID_MULTIPART',
      400,
    ],
    ['a JSON body', { params: { type: 'image' }, body: { file: 'x' } }, 'UNSUPPORTED_CONTENT_TYPE', 415],
    ['an unknown type', { params: { type: 'news' }, form: form(image) }, 'INVALID_REQUEST', 400],
    [
      'an extension that is no image',
      ask('image', { ...image, filename: 'a.svg', contentType: 'image/svg+xml' }),
      'FILE_TYPE_NOT_ALLOWED',
      415,
    ],
    [
      'a name against the bytes',
      ask('image', { ...image, filename: 'a.png', contentType: 'image/png' }),
      'FILE_CONTENT_MISMATCH',
      415,
    ],
    ['HTML named as a picture', ask('image', { ...image, bytes: '<html>'.padEnd(100) }), 'FILE_CONTENT_MISMATCH', 415],
    [
      'a content type against the name',
      ask('image', { ...image, contentType: 'video/mp4' }),
      'FILE_CONTENT_MISMATCH',
      415,
    ],
    ['a thumb over 64 KiB', ask('thumb', { ...image, bytes: fileBytes('jpg', 65_537) }), 'FILE_TOO_LARGE', 413],
    [
      'a voice over 2 MiB',
      ask('voice', { ...image, filename: 'a.mp3', contentType: 'audio/mpeg', bytes: fileBytes('mp3', 2 * MIB + 1) }),
      'FILE_TOO_LARGE',
      413,
    ],
    [
      'a video without title',
      ask('video', { ...image, filename: 'a.mp4', contentType: 'video/mp4', bytes: fileBytes('mp4') }),
      'VIDEO_TITLE_MISSING',
      400,
    ],
    [
      'a field over 8 KiB',
      ask('image', { name: 'introduction', bytes: 'x'.repeat(8_193) }, image),
      'INVALID_MULTIPART',
      400,
    ],
    [
      'eleven fields',
      ask('image', ...Array.from({ length: 11 }, (_, at) => ({ name: `f${at}`, bytes: 'x' })), image),
      'INVALID_MULTIPART',
      400,
    ],
    [
      'a title over 200 characters',
      ask(
        'video',
        { name: 'title', bytes: '题'.repeat(201) },
        { ...image, filename: 'a.mp4', contentType: 'video/mp4', bytes: fileBytes('mp4') },
      ),
      'INVALID_REQUEST',
      400,
    ],
    ['no key', { ...ask('image', image), key: null }, 'UNAUTHORIZED', 401],
    ['a wrong key', { ...ask('image', image), key: 'sucai_wrong' }, 'UNAUTHORIZED', 401],
    ['an unknown app_id', { ...ask('image', image), appId: 'wxffffffffffffffff' }, 'ACCOUNT_NOT_FOUND', 404],
    ['a malformed app_id', { ...ask('image', image), appId: 'gh_0123456789abcdef' }, 'INVALID_APP_ID', 400],
  ]
  it.each(cases)('%s', async (_what, wanted, code, status) => {
    await using service = await world()
    expect(await service.fails(uploadMaterial, wanted)).toMatchObject({ code, status_code: status })
    expect(service.control.calls().total).toBe(0)
    expect(await service.ok(listUploads)).toMatchObject({ data: [] })
  })

  it('a file over 4 MiB, and says where it can go', async () => {
    await using service = await world()
    for (const bytes of [fileBytes('jpg', 4 * MIB + 1), fileBytes('jpg', 5 * MIB)]) {
      const problem = await service.fails(uploadMaterial, ask('image', { ...image, bytes }))
      expect(problem).toMatchObject({ code: 'FILE_TOO_LARGE', status_code: 413 })
      expect(problem.message).toContain('POST /wechat/uploads')
    }
    expect(service.control.calls().total).toBe(0)
  })

  it('a read key', async () => {
    await using service = await world()
    expect(await service.fails(uploadMaterial, { ...ask('image', image), key: service.keys.read })).toMatchObject({
      code: 'FORBIDDEN',
    })
  })

  it('a key without grant on the account', async () => {
    await using service = await world()
    const key = await service.addKey({ app_ids: ['wxaaaaaaaaaaaaaaaa'] })
    expect(await service.fails(uploadMaterial, { ...ask('image', image), key })).toMatchObject({ status_code: 403 })
  })
})

describe('a refusal of WeChat', () => {
  it.each([
    [45009, 'WECHAT_QUOTA', 429],
    [45011, 'WECHAT_QUOTA', 429],
    [45034, 'LIBRARY_FULL', 409],
    [48001, 'ACCOUNT_MISCONFIGURED', 424],
    [50002, 'ACCOUNT_MISCONFIGURED', 424],
    [40113, 'FILE_TYPE_NOT_ALLOWED', 415],
    [45001, 'FILE_TOO_LARGE', 413],
    [-1, 'WECHAT_BUSY', 503],
    [99999, 'WECHAT_REFUSED', 422],
  ])('%i is passed on as %s', async (errcode, code, status) => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'errcode', errcode, times: 1 })
    const problem = await service.fails(uploadMaterial, ask('image', image))
    expect(problem).toMatchObject({ code, status_code: status, wechat: { errcode } })
    expect(await service.ok(listUploads)).toMatchObject({ data: [{ state: 'REJECTED', error: { code } }] })
    expect(service.calls('material/add_material')).toBe(1)
  })
})

describe('an unclear outcome', () => {
  const unclear = async (service: World): Promise<string> => {
    const problem = await service.fails(uploadMaterial, ask('image', image))
    expect(problem).toMatchObject({ code: 'WECHAT_UNCLEAR', status_code: 504 })
    return String(problem.details['upload_id'])
  }

  it.each(['accept-then-reset', 'html', 'status', 'truncate', 'empty'] as const)(
    'after %s is 504 with the upload_id, and STORED once the sweeper has read the list',
    async kind => {
      await using service = await world()
      service.control.addFault({ path: '/cgi-bin/material/add_material', kind, executed: true, times: 1 })
      const uploadId = await unclear(service)
      expect(await service.ok(getUpload, { params: { uploadId } })).toMatchObject({ data: { state: 'UNKNOWN' } })
      await service.clock.advance(60_000)
      await service.sweep()
      const { data } = await service.ok(getUpload, { params: { uploadId } })
      const [material] = service.materials()
      expect(data).toMatchObject({ state: 'STORED', media_id: material?.media_id })
      expect(data.url).toMatch(/^http/)
      expect(data.error).toBeUndefined()
      expect(service.materials()).toHaveLength(1)
    },
  )

  it('of a file that WeChat did not take ends REJECTED after two reads of the list', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'reset-before', times: 1 })
    const uploadId = await unclear(service)
    await service.clock.advance(60_000)
    await service.sweep()
    expect(await service.ok(getUpload, { params: { uploadId } })).toMatchObject({ data: { state: 'UNKNOWN' } })
    await service.clock.advance(60_000)
    await service.sweep()
    expect(await service.ok(getUpload, { params: { uploadId } })).toMatchObject({
      data: { state: 'REJECTED', error: { code: 'WECHAT_UNREACHABLE' } },
    })
    expect(service.materials()).toEqual([])
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('of a call that hangs until the end of the run is recorded in time', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'hang', executed: true, times: 1 })
    const answer = service.fails(uploadMaterial, ask('image', image))
    await service.waitForFault('hang')
    await service.clock.advance(29_000)
    const problem = await answer
    expect(problem).toMatchObject({ code: 'WECHAT_UNCLEAR' })
    await service.clock.advance(60_000)
    await service.sweep()
    const uploadId = String(problem.details['upload_id'])
    expect(await service.ok(getUpload, { params: { uploadId } })).toMatchObject({ data: { state: 'STORED' } })
  })
})

describe('a table that fails', () => {
  it('before the call of WeChat means that nothing was sent', async () => {
    await using service = await world()
    const table = failingWrites(service.table, draft => stateOf(draft) === 'SENDING')
    const problem = await service.fails(uploadMaterial, { ...ask('image', image), ports: { table } })
    expect(problem).toMatchObject({ code: 'STORE_UNAVAILABLE', status_code: 503 })
    expect(service.control.calls().total).toBe(0)
  })

  it('after the success of WeChat does not hide it, and the row follows', async () => {
    await using service = await world()
    const table = failingWrites(service.table, draft => stateOf(draft) === 'STORED')
    const { data } = await service.ok(uploadMaterial, { ...ask('image', image), ports: { table } })
    expect(service.materials()).toMatchObject([{ media_id: data.media_id }])
    for (let minute = 0; minute < 5; minute++) {
      await service.clock.advance(60_000)
      await service.sweep()
    }
    expect(await service.ok(getUpload, { params: { uploadId: data.upload_id } })).toMatchObject({
      data: { state: 'STORED', media_id: data.media_id },
    })
    expect(service.materials()).toHaveLength(1)
  })

  it('after an unclear outcome still answers 504 with the upload_id', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'accept-then-reset', times: 1 })
    const table = failingWrites(service.table, draft => stateOf(draft) === 'UNKNOWN')
    const problem = await service.fails(uploadMaterial, { ...ask('image', image), ports: { table } })
    expect(problem).toMatchObject({ code: 'WECHAT_UNCLEAR', details: { upload_id: expect.any(String) } })
  })
})

it('an unreachable WeChat is 503 with Retry-After, and nothing was sent', async () => {
  await using service = await world()
  await service.ok(uploadMaterial, ask('image', image))
  service.weChatIsDown = true
  const other = { ...image, bytes: fileBytes('jpg', 300, 2) }
  const { status, headers } = await service.request(uploadMaterial, ask('image', other))
  expect(status).toBe(503)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
})

it('an account whose limits are of 2015 is held to them', async () => {
  await using service = await world()
  await service.addAccount('wxaaaaaaaaaaaaaaaa', { row: { limits: '2015' } })
  const problem = await service.fails(uploadMaterial, {
    ...ask('image', { ...image, bytes: fileBytes('jpg', 2 * MIB + 1) }),
    appId: 'wxaaaaaaaaaaaaaaaa',
  })
  expect(problem).toMatchObject({ code: 'FILE_TOO_LARGE', details: { limit: 2 * MIB } })
})
