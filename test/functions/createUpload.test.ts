import { describe, expect, it } from 'vitest'
import { createUpload } from '../../functions/createUpload.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { open, target, view } from '../support/uploads.ts'
import { APP_ID, world } from '../support/world.ts'

const MIB = 1024 * 1024
const IMAGE = { type: 'image', filename: '封面图.png', size: 1234, content_type: 'image/png' }

describe('an opened upload', () => {
  it('is CREATED with a policy for exactly one key and content type', async () => {
    await using service = await world()
    const data = await target(service, { body: IMAGE, key: service.keys.write })
    expect(data).toMatchObject({ state: 'CREATED', method: 'POST', upload_id: expect.stringMatching(/^[0-9a-z]{26}$/) })
    expect(data.fields).toMatchObject({ key: `in/${APP_ID}/${data.upload_id}.png`, 'Content-Type': 'image/png' })
    expect(data.expires_at).toBe(service.clock.now() / 1000 + 15 * 60)
  })

  it('allows exactly the declared size', async () => {
    await using service = await world()
    const data = await target(service, { body: IMAGE })
    const policy = new URL(data.url).searchParams
    expect([policy.get('minSize'), policy.get('maxSize')]).toEqual(['1234', '1234'])
  })

  it('keeps a Chinese name as it is', async () => {
    await using service = await world()
    const opened = await open(service, { filename: '春节·日落（终稿）😀.jpg' })
    expect((await view(service, opened)).filename).toBe('春节·日落（终稿）😀.jpg')
  })

  it('has another id each time', async () => {
    await using service = await world()
    const ids = await Promise.all(Array.from({ length: 20 }, () => open(service)))
    expect(new Set(ids.map(({ uploadId }) => uploadId)).size).toBe(20)
  })

  it('gets the content type of its extension when the client knows none', async () => {
    await using service = await world()
    const data = await target(service, {
      body: { ...IMAGE, filename: 'a.JPG', content_type: 'application/octet-stream' },
    })
    expect(data.fields).toMatchObject({ 'Content-Type': 'image/jpeg', key: expect.stringMatching(/\.jpg$/) })
  })

  it('carries a warning where sources of WeChat name a smaller limit', async () => {
    await using service = await world()
    const data = await target(service, { body: { ...IMAGE, size: 3 * MIB, permanent: false } })
    expect(data.warnings).toHaveLength(1)
  })

  it('loses the path of its name, so that no name leaves its folder', async () => {
    await using service = await world()
    const opened = await open(service, { filename: '../../etc/图.jpg' })
    expect((await view(service, opened)).filename).toBe('图.jpg')
    expect(opened.fields['key']).toBe(`in/${APP_ID}/${opened.uploadId}.jpg`)
  })
})

describe('a declaration that WeChat would refuse', () => {
  it.each([
    [
      'another extension',
      { ...IMAGE, filename: '图.svg', content_type: 'image/svg+xml' },
      'FILE_TYPE_NOT_ALLOWED',
      415,
    ],
    ['no extension', { ...IMAGE, filename: '图' }, 'FILE_TYPE_NOT_ALLOWED', 415],
    ['an extension of another type', { ...IMAGE, type: 'voice' }, 'FILE_TYPE_NOT_ALLOWED', 415],
    ['a png as thumb', { ...IMAGE, type: 'thumb' }, 'FILE_TYPE_NOT_ALLOWED', 415],
    [
      'a bmp as temporary image',
      { ...IMAGE, filename: 'a.bmp', content_type: 'image/bmp', permanent: false },
      'FILE_TYPE_NOT_ALLOWED',
      415,
    ],
    ['a content type against the extension', { ...IMAGE, content_type: 'image/gif' }, 'FILE_CONTENT_MISMATCH', 415],
    ['an image over 10 MiB', { ...IMAGE, size: 10 * MIB + 1 }, 'FILE_TOO_LARGE', 413],
    ['a voice over 2 MiB', { type: 'voice', filename: 'a.mp3', size: 2 * MIB + 1 }, 'FILE_TOO_LARGE', 413],
    [
      'a video over 10 MiB',
      { type: 'video', filename: 'a.mp4', size: 10 * MIB + 1, title: '标题' },
      'FILE_TOO_LARGE',
      413,
    ],
    ['a thumb over 64 KiB', { type: 'thumb', filename: 'a.jpg', size: 64 * 1024 + 1 }, 'FILE_TOO_LARGE', 413],
    ['a permanent video without title', { type: 'video', filename: 'a.mp4', size: 10 }, 'VIDEO_TITLE_MISSING', 400],
    ['size 0', { ...IMAGE, size: 0 }, 'INVALID_REQUEST', 400],
    ['half a byte', { ...IMAGE, size: 10.5 }, 'INVALID_REQUEST', 400],
    ['no size', { type: 'image', filename: 'a.png' }, 'INVALID_REQUEST', 400],
    ['no name', { ...IMAGE, filename: '' }, 'INVALID_REQUEST', 400],
    ['an unknown type', { ...IMAGE, type: 'news' }, 'INVALID_REQUEST', 400],
    ['a sha256 that is none', { ...IMAGE, sha256: 'ABC' }, 'INVALID_REQUEST', 400],
    ['an array', [IMAGE], 'INVALID_REQUEST', 400],
    ['null', null, 'INVALID_REQUEST', 400],
  ])('is refused at once: %s', async (_what, body, code, status) => {
    await using service = await world()
    const problem = await service.fails(createUpload, { body: JSON.stringify(body) })
    expect(problem).toMatchObject({ code, status_code: status })
    expect(service.control.calls().total).toBe(0)
  })

  it('names the field that is wrong', async () => {
    await using service = await world()
    const problem = await service.fails(createUpload, { body: { ...IMAGE, size: 'big' } })
    expect(problem.details).toMatchObject({ issues: [{ in: 'body', field: 'size' }] })
  })

  it('is accepted at the very limit', async () => {
    await using service = await world()
    expect(await open(service, { declared: { size: 10 * MIB } })).toBeDefined()
    expect(await open(service, { type: 'thumb', declared: { size: 64 * 1024 } })).toBeDefined()
  })

  it('needs no title for a temporary video', async () => {
    await using service = await world()
    await open(service, { type: 'video', format: 'mp4', declared: { permanent: false } })
  })
})

describe('the door', () => {
  it.each([
    ['no key', { key: null }, 'UNAUTHORIZED', 401],
    ['a wrong key', { key: 'sucai_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }, 'UNAUTHORIZED', 401],
    ['an unknown app_id', { appId: 'wxffffffffffffffff' }, 'ACCOUNT_NOT_FOUND', 404],
    ['no app_id', { appId: null }, 'INVALID_APP_ID', 400],
    ['an app_id of 17 characters', { appId: 'wx0123456789abcde' }, 'INVALID_APP_ID', 400],
    ['an app_id with a path in it', { appId: 'wx0123456789/../ef' }, 'INVALID_APP_ID', 400],
    ['an app_id given twice', { query: `app_id=${APP_ID}&app_id=${APP_ID}` }, 'INVALID_REQUEST', 400],
    ['broken JSON', { body: '{"type":"image"' }, 'INVALID_JSON', 400],
    ['bytes that are no UTF-8', { body: Buffer.from('7b2261223a22ff227d', 'hex') }, 'INVALID_JSON', 400],
    ['an empty body', { body: '' }, 'INVALID_JSON', 400],
    ['no body at all', { body: undefined }, 'UNSUPPORTED_CONTENT_TYPE', 415],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 'UNSUPPORTED_CONTENT_TYPE', 415],
    ['a body over 256 KiB', { body: { ...IMAGE, introduction: '介'.repeat(90_000) } }, 'BODY_TOO_LARGE', 413],
  ])('refuses %s', async (_what, ask, code, status) => {
    await using service = await world()
    expect(await service.fails(createUpload, { body: IMAGE, ...ask })).toMatchObject({ code, status_code: status })
    expect(service.control.calls().total).toBe(0)
  })

  it('refuses a read key', async () => {
    await using service = await world()
    expect(await service.fails(createUpload, { body: IMAGE, key: service.keys.read })).toMatchObject({
      code: 'FORBIDDEN',
      status_code: 403,
    })
  })

  it('refuses a key without grant on the account, known or not', async () => {
    await using service = await world()
    const key = await service.addKey({ role: 'admin', app_ids: ['wxaaaaaaaaaaaaaaaa'] })
    for (const appId of [APP_ID, 'wxffffffffffffffff']) {
      expect(await service.fails(createUpload, { body: IMAGE, key, appId })).toMatchObject({ code: 'FORBIDDEN' })
    }
  })

  it('refuses a key from the second it expires', async () => {
    await using service = await world()
    const key = await service.addKey({ expires_at: service.clock.now() / 1000 + 60 })
    await service.ok(createUpload, { body: IMAGE, key })
    await service.clock.advance(60_000)
    expect(await service.fails(createUpload, { body: IMAGE, key })).toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('takes the key from X-Api-Key too', async () => {
    await using service = await world()
    await service.ok(createUpload, { body: IMAGE, key: null, headers: { 'x-api-key': service.keys.write } })
  })

  it('answers 503 with Retry-After when the table is down', async () => {
    await using service = await world()
    const table = {
      ...service.table,
      get: () => service.table.get({ pk: 'KEY', sk: 'x' }, AbortSignal.abort()).then(() => undefined),
    }
    const { status, headers } = await service.request(createUpload, { body: IMAGE, ports: { table } })
    expect(status).toBe(503)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

it('the declared hash is kept for the check while sending', async () => {
  await using service = await world()
  const bytes = fileBytes('jpg', 500)
  const opened = await open(service, { bytes, declared: { sha256: sha256(bytes) } })
  await service.post(opened, bytes)
  await service.deliver()
  expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
})
