import { describe, expect, it } from 'vitest'
import { createUpload } from '../../functions/createUpload.ts'
import { forwardUpload } from '../../functions/forwardUpload.ts'
import { unconditional } from '../support/brokenTables.ts'
import { CONTENT_TYPES, fileBytes, sha256 } from '../support/files.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { APP_ID, world } from '../support/world.ts'

const MIB = 1024 * 1024

describe('a posted file becomes material', () => {
  it.each([
    ['image', 'jpg'],
    ['image', 'png'],
    ['image', 'gif'],
    ['image', 'bmp'],
    ['voice', 'mp3'],
    ['voice', 'amr'],
    ['voice', 'wav'],
    ['voice', 'wma'],
    ['thumb', 'jpg'],
  ] as const)('a permanent %s as %s, byte for byte', async (type, format) => {
    await using service = await world()
    const opened = await openAndPost(service, { type, format, bytes: fileBytes(format, 4_321) })
    await service.deliver()
    const [material] = service.materials()
    expect(material).toMatchObject({ type, size: 4_321, sha256: sha256(opened.bytes) })
    const upload = await view(service, opened)
    expect(upload).toMatchObject({ state: 'STORED', media_id: material?.media_id, attempts: 1, permanent: true })
    expect(upload.url).toMatch(type === 'voice' ? /^$/ : /^http/)
  })

  it('a video with its description', async () => {
    await using service = await world()
    const declared = { title: '标题 "引号" 😀', introduction: '简介\n第二行 \\u4e2d' }
    const opened = await openAndPost(service, { type: 'video', format: 'mp4', declared })
    await service.deliver()
    const { media_id = '' } = await view(service, opened)
    expect(await service.wechat.material(APP_ID).get(media_id)).toMatchObject({
      kind: 'video',
      title: declared.title,
      description: declared.introduction,
    })
    expect(service.materials()[0]?.sha256).toBe(sha256(opened.bytes))
  })

  it.each([
    ['image', 'png'],
    ['voice', 'amr'],
    ['video', 'mp4'],
    ['thumb', 'jpg'],
  ] as const)('a temporary %s', async (type, format) => {
    await using service = await world()
    const opened = await openAndPost(service, { type, format, declared: { permanent: false } })
    await service.deliver()
    const [media] = service.control.ledger().filter(({ kind }) => kind === 'media/upload')
    expect(media).toMatchObject({ type, sha256: sha256(opened.bytes), filename: `日落 ${type}.${format}` })
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: media?.media_id, permanent: false })
    expect(service.materials()).toEqual([])
  })

  it('of 10 MiB', async () => {
    await using service = await world()
    const opened = await openAndPost(service, { bytes: fileBytes('jpg', 10 * MIB) })
    await service.deliver()
    expect(service.materials()).toMatchObject([{ size: 10 * MIB, sha256: sha256(opened.bytes) }])
  })

  it('of few bytes, fewer than are looked at', async () => {
    await using service = await world()
    await openAndPost(service, { format: 'gif', bytes: fileBytes('gif', 13) })
    await service.deliver()
    expect(service.materials()).toMatchObject([{ size: 13 }])
  })

  it('whose Chinese name arrives byte for byte around the stamp', async () => {
    await using service = await world()
    const opened = await openAndPost(service, { filename: '春节·日落（终稿）😀.jpg' })
    await service.deliver()
    expect(service.materials()[0]?.filename).toBe(`春节·日落（终稿）😀.${opened.uploadId.slice(-10)}.jpg`)
  })

  it('and the posted bytes are gone', async () => {
    await using service = await world()
    const { fields } = await openAndPost(service)
    await service.deliver()
    expect(await service.objects.head(fields['key'] ?? '')).toBeUndefined()
  })

  it('although the posted bytes cannot be removed', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const remove = async () => {
      throw new Error('no')
    }
    await service.run(forwardUpload, event, { ports: { objects: { ...service.objects, remove } } })
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })

  it('with the account that the upload belongs to', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa')
    await openAndPost(service, { appId: 'wxaaaaaaaaaaaaaaaa' })
    await service.deliver()
    expect(service.materials('wxaaaaaaaaaaaaaaaa')).toHaveLength(1)
    expect(service.materials(APP_ID)).toEqual([])
  })
})

describe('an event', () => {
  it('that comes five times at once makes one material', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    await service.deliver(5)
    expect(service.materials()).toHaveLength(1)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
  })

  it('that comes five times makes several when the claim has no condition', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const runs = Array.from({ length: 5 }, () =>
      service.run(forwardUpload, event, { ports: { table: unconditional(service.table) } }),
    )
    await service.drive(Promise.all(runs))
    expect(service.materials().length).toBeGreaterThan(1)
  })

  it('that comes again later changes nothing', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    await service.deliver()
    const before = await view(service, opened)
    await service.post(opened, fileBytes('jpg', opened.bytes.length, 99))
    await service.clock.advance(3_600_000)
    await service.run(forwardUpload, event)
    await service.deliver()
    expect(await view(service, opened)).toEqual(before)
    expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
  })

  it.each([
    ['of a foreign prefix', 'store/x.jpg'],
    ['of a path without upload', `in/${APP_ID}/picture.jpg`],
    ['of an upload nobody opened', `in/${APP_ID}/01kb00000000000000000000zz.jpg`],
    ['with a Chinese name', `in/${APP_ID}/日落.jpg`],
    ['that climbs out', `in/${APP_ID}/../x/01kb00000000000000000000zz.jpg`],
  ])('%s is ignored', async (_what, key) => {
    await using service = await world()
    const event = await service.post({ fields: { key } }, fileBytes('jpg'), 'image/jpeg')
    expect(await service.run(forwardUpload, event)).toEqual({ state: null })
    expect(service.control.calls().total).toBe(0)
  })

  it('of another account’s upload is ignored', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa')
    const opened = await open(service)
    const key = `in/wxaaaaaaaaaaaaaaaa/${opened.uploadId}.jpg`
    const event = await service.post({ fields: { key } }, opened.bytes, 'image/jpeg')
    await service.run(forwardUpload, event)
    expect(await view(service, opened)).toMatchObject({ state: 'CREATED' })
    expect(service.control.calls().total).toBe(0)
  })

  it('of another extension than was granted is ignored', async () => {
    await using service = await world()
    const opened = await open(service)
    const key = opened.fields['key']?.replace('.jpg', '.png') ?? ''
    const event = await service.post({ fields: { key } }, fileBytes('png'), 'image/png')
    await service.run(forwardUpload, event)
    expect(await view(service, opened)).toMatchObject({ state: 'CREATED' })
  })

  it('before the bytes are visible leaves the upload waiting', async () => {
    await using service = await world()
    const opened = await open(service)
    const key = opened.fields['key'] ?? ''
    await service.run(forwardUpload, { trigger: 'object', key, size: 1, etag: 'x' })
    expect(await view(service, opened)).toMatchObject({ state: 'CREATED' })
  })
})

describe('posted bytes that are not what was declared are rejected without a call of WeChat', () => {
  it.each([
    ['one byte more', Buffer.concat([fileBytes('jpg', 300), Buffer.of(0x80)]), CONTENT_TYPES.jpg],
    ['one byte less', fileBytes('jpg', 299), CONTENT_TYPES.jpg],
    ['nothing', Buffer.alloc(0), CONTENT_TYPES.jpg],
    ['a png', fileBytes('png', 300), CONTENT_TYPES.jpg],
    ['HTML', Buffer.from('<html>'.padEnd(300)), CONTENT_TYPES.jpg],
    ['another content type', fileBytes('jpg', 300), CONTENT_TYPES.png],
  ])('%s', async (_what, bytes, contentType) => {
    await using service = await world()
    const opened = await open(service, { bytes: fileBytes('jpg', 300) })
    await service.post(opened, bytes, contentType)
    await service.deliver(2)
    expect(await view(service, opened)).toMatchObject({
      state: 'REJECTED',
      attempts: 0,
      error: { code: 'FILE_CONTENT_MISMATCH' },
    })
    expect(service.control.calls().total).toBe(0)
    expect(await service.objects.head(opened.fields['key'] ?? '')).toBeUndefined()
  })
})

describe('a declared SHA-256', () => {
  it('that the bytes do not have is never accepted by WeChat', async () => {
    await using service = await world()
    const bytes = fileBytes('jpg', 5_000, 1)
    const opened = await open(service, { bytes, declared: { sha256: sha256(bytes) } })
    await service.post(opened, fileBytes('jpg', 5_000, 2))
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', error: { code: 'FILE_CONTENT_MISMATCH' } })
    expect(service.materials()).toEqual([])
  })

  it('that fits changes nothing', async () => {
    await using service = await world()
    const bytes = fileBytes('mp4', 200_000, 3)
    const declared = { sha256: sha256(bytes), title: '片' }
    const opened = await openAndPost(service, { type: 'video', format: 'mp4', bytes, declared })
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('bytes that change', () => {
  it('after they were seen never reach WeChat', async () => {
    await using service = await world()
    service.loseSends = true
    const opened = await openAndPost(service)
    const { completeUpload } = await import('../../functions/completeUpload.ts')
    await service.ok(completeUpload, { params: { uploadId: opened.uploadId } })
    const event = await service.post(opened, fileBytes('jpg', opened.bytes.length, 77))
    await service.run(forwardUpload, event)
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', error: { code: 'OBJECT_CHANGED' } })
    expect(service.control.calls().total).toBe(0)
  })
})

describe('too little time', () => {
  it('starts nothing and leaves the upload as it was', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    await expect(service.run(forwardUpload, event, { limitMs: 9_000 })).rejects.toMatchObject({ code: 'OUT_OF_TIME' })
    expect(await view(service, opened)).toMatchObject({ state: 'CREATED', attempts: 0 })
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

it('a call names the upload too', async () => {
  await using service = await world()
  const opened = await openAndPost(service)
  const payload = { app_id: APP_ID, upload_id: opened.uploadId }
  expect(await service.run(forwardUpload, { trigger: 'call', payload })).toEqual({ state: 'STORED' })
})

it('a call without an upload fails, so that somebody sees it', async () => {
  await using service = await world()
  await expect(service.run(forwardUpload, { trigger: 'call', payload: {} })).rejects.toThrow()
  expect(service.lines()).toContainEqual(expect.objectContaining({ level: 'error', operation: 'forwardUpload' }))
})

it('a store that breaks off half-way sends nothing whole, and the upload is tried again', async () => {
  await using service = await world()
  const opened = await open(service, { bytes: fileBytes('jpg', 300_000) })
  const event = await service.post(opened, opened.bytes)
  const read: typeof service.objects.read = async (key, options) => {
    const object = await service.objects.read(key, options)
    let passed = 0
    object?.body.on('data', (chunk: Buffer) => {
      passed += chunk.length
      if (passed > 100_000) object.body.destroy(new Error('the store went away'))
    })
    object?.body.pause()
    return object
  }
  await service.run(forwardUpload, event, { ports: { objects: { ...service.objects, read } } })
  expect(service.materials()).toEqual([])
  expect(await view(service, opened)).toMatchObject({
    state: 'PARKED',
    attempts: 0,
    error: { code: 'STORE_UNAVAILABLE' },
  })
  await service.clock.advance(60_000)
  await service.sweep()
  expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
})

it('an upload opened with a read key never exists', async () => {
  await using service = await world()
  const body = { type: 'image', filename: 'a.jpg', size: 3 }
  await service.fails(createUpload, { body, key: service.keys.read })
  expect(await service.table.list(`UPL#${APP_ID}`, { limit: 10 })).toMatchObject({ items: [] })
})
