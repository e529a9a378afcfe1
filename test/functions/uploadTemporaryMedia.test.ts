import { describe, expect, it } from 'vitest'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import { CONTENT_TYPES, fileBytes, sha256 } from '../support/files.ts'
import { type Multipart, multipartBody, type Part } from '../support/multipartBody.ts'
import { type Ask, type World, world } from '../support/world.ts'

const MIB = 1024 * 1024

const part = (format: FileFormat, more: Partial<Part> = {}): Part => ({
  name: 'file',
  filename: `素材 “一”.${format}`,
  contentType: CONTENT_TYPES[format],
  bytes: fileBytes(format, 1_500),
  ...more,
})
const form = (...parts: Part[]): Multipart => multipartBody(parts)
const accepted = (service: World) => service.control.ledger().filter(({ kind }) => kind === 'media/upload')

describe('a file becomes temporary media', () => {
  it.each([
    ['jpg', 'image'],
    ['png', 'image'],
    ['gif', 'image'],
    ['mp3', 'voice'],
    ['amr', 'voice'],
    ['mp4', 'video'],
  ] as const)('%s by its bytes as %s, byte for byte', async (format, type) => {
    await using service = await world()
    const { data } = await service.ok(uploadTemporaryMedia, { form: form(part(format)), key: service.keys.write })
    expect(data).toEqual({ type, media_id: expect.any(String), created_at: service.clock.now() / 1000 })
    expect(accepted(service)).toMatchObject([
      {
        media_id: data.media_id,
        type,
        sha256: sha256(fileBytes(format, 1_500)),
        filename: `素材 “一”.${format}`,
      },
    ])
  })

  it.each([
    ['in the query', { query: { type: 'thumb' } }, []],
    ['in the form', {}, [{ name: 'type', bytes: 'thumb' }]],
  ])('of the type named %s', async (_where, more, fields) => {
    await using service = await world()
    const { data } = await service.ok(uploadTemporaryMedia, { form: form(...fields, part('jpg')), ...more })
    expect(data.type).toBe('thumb')
    expect(data.media_id).toBe(accepted(service)[0]?.media_id)
  })

  it('from the field that file_field names', async () => {
    await using service = await world()
    const fields = [{ name: 'file_field', bytes: '文件' }, part('jpg', { name: '文件' })]
    await service.ok(uploadTemporaryMedia, { form: form(...fields) })
    expect(accepted(service)).toHaveLength(1)
  })

  it('with a warning above the smaller of two limits', async () => {
    await using service = await world()
    const { data } = await service.ok(uploadTemporaryMedia, {
      form: form(part('jpg', { bytes: fileBytes('jpg', 3 * MIB) })),
    })
    expect(data.warnings).toHaveLength(1)
  })

  it('of a mini program too', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { kind: 'miniprogram', row: { kind: 'mini_program' } })
    await service.ok(uploadTemporaryMedia, { form: form(part('jpg')), appId: 'wxaaaaaaaaaaaaaaaa' })
  })
})

describe('bad input is refused without a call of WeChat', () => {
  const cases: [string, Ask, string, number][] = [
    ['an unknown type in the query', { query: { type: 'news' }, form: form(part('jpg')) }, 'INVALID_REQUEST', 400],
    ['an unknown type in the form', { form: form({ name: 'type', bytes: 'x' }, part('jpg')) }, 'INVALID_REQUEST', 400],
    [
      'a voice said to be an image',
      { query: { type: 'image' }, form: form(part('mp3')) },
      'FILE_TYPE_NOT_ALLOWED',
      415,
    ],
    ['a bmp', { form: form(part('bmp')) }, 'FILE_TYPE_NOT_ALLOWED', 415],
    ['a wav', { form: form(part('wav')) }, 'FILE_TYPE_NOT_ALLOWED', 415],
    ['bytes of no known format', { form: form(part('jpg', { bytes: 'hello, world' })) }, 'FILE_TYPE_NOT_ALLOWED', 415],
    ['a png named jpg', { form: form(part('jpg', { bytes: fileBytes('png') })) }, 'FILE_CONTENT_MISMATCH', 415],
    ['an empty file', { form: form(part('jpg', { bytes: '' })) }, 'FILE_EMPTY', 400],
    ['no file', { form: form({ name: 'type', bytes: 'image' }) }, 'FILE_MISSING', 400],
    ['two files', { form: form(part('jpg'), part('png', { name: 'b' })) }, 'INVALID_MULTIPART', 400],
    [
      'a voice over 2 MiB',
      { form: form(part('mp3', { bytes: fileBytes('mp3', 2 * MIB + 1) })) },
      'FILE_TOO_LARGE',
      413,
    ],
    ['a file over 4 MiB', { form: form(part('jpg', { bytes: fileBytes('jpg', 4 * MIB + 1) })) }, 'FILE_TOO_LARGE', 413],
    ['a JSON body', { body: {} }, 'UNSUPPORTED_CONTENT_TYPE', 415],
    ['no body', {}, 'UNSUPPORTED_CONTENT_TYPE', 415],
    ['no key', { key: null, form: form(part('jpg')) }, 'UNAUTHORIZED', 401],
    ['an unknown app_id', { appId: 'wxffffffffffffffff', form: form(part('jpg')) }, 'ACCOUNT_NOT_FOUND', 404],
    ['no app_id', { appId: null, form: form(part('jpg')) }, 'INVALID_APP_ID', 400],
  ]
  it.each(cases)('%s', async (_what, ask, code, status) => {
    await using service = await world()
    expect(await service.fails(uploadTemporaryMedia, ask)).toMatchObject({ code, status_code: status })
    expect(service.control.calls().total).toBe(0)
  })

  it('a read key', async () => {
    await using service = await world()
    const ask = { form: form(part('jpg')), key: service.keys.read }
    expect(await service.fails(uploadTemporaryMedia, ask)).toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('a fault of WeChat', () => {
  it.each([40001, 42001, 40014])('%i is answered by one other token and the whole bytes again', async errcode => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/media/upload', kind: 'errcode', errcode, times: 1 })
    await service.drive(service.ok(uploadTemporaryMedia, { form: form(part('jpg')) }))
    expect(accepted(service)).toMatchObject([{ sha256: sha256(fileBytes('jpg', 1_500)) }])
    expect(service.calls('media/upload')).toBe(2)
  })

  it('that never ends is passed on after one repetition', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/media/upload', kind: 'errcode', errcode: 40001 })
    const problem = await service.drive(service.fails(uploadTemporaryMedia, { form: form(part('jpg')) }))
    expect(problem).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', status_code: 424, wechat: { errcode: 40001 } })
    expect(service.calls('media/upload')).toBe(2)
  })

  it('with the answer as text/plain changes nothing', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/media/upload', kind: 'text-plain' })
    await service.ok(uploadTemporaryMedia, { form: form(part('jpg')) })
  })

  it.each(['accept-then-reset', 'reset-before', 'html', 'status', 'truncate', 'empty'] as const)(
    'as %s is 504: it may have been accepted',
    async kind => {
      await using service = await world()
      service.control.addFault({ path: '/cgi-bin/media/upload', kind })
      const problem = await service.fails(uploadTemporaryMedia, { form: form(part('jpg')) })
      expect(problem).toMatchObject({ code: 'WECHAT_UNCLEAR', status_code: 504 })
      expect(service.calls('media/upload')).toBe(1)
    },
  )
})

it('is not told from the bytes that a thumb is one, for it is a JPEG like any other', async () => {
  await using service = await world()
  const { data } = await service.ok(uploadTemporaryMedia, { form: form(part('jpg')) })
  expect(data.type).toBe('image')
})
