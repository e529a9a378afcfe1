import { describe, expect, it } from 'vitest'
import { getUpload } from '../../functions/getUpload.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { world } from '../support/world.ts'

describe('an upload', () => {
  it('shows what was declared and nothing of the inside', async () => {
    await using service = await world()
    const opened = await open(service, { filename: '图.jpg' })
    const now = service.clock.now() / 1000
    expect(await view(service, opened)).toEqual({
      upload_id: opened.uploadId,
      state: 'CREATED',
      type: 'image',
      permanent: true,
      filename: '图.jpg',
      size: opened.bytes.length,
      attempts: 0,
      created_at: now,
      updated_at: now,
    })
  })

  it('can be read with a read key', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    await service.ok(getUpload, { params: { uploadId }, key: service.keys.read })
  })

  it('tells until when it is parked, in seconds', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'errcode', errcode: 45011 })
    const opened = await openAndPost(service)
    await service.deliver()
    const { parked_until = 0, error, state } = await view(service, opened)
    expect({ state, code: error?.code, errcode: error?.wechat?.errcode }).toEqual({
      state: 'PARKED',
      code: 'WECHAT_QUOTA',
      errcode: 45011,
    })
    expect(parked_until).toBe(service.clock.now() / 1000 + 60)
  })

  it.each([
    ['of an unknown id', '01kb00000000000000000000zz', 'UPLOAD_NOT_FOUND', 404],
    ['of a malformed id', 'ABC', 'INVALID_REQUEST', 400],
    ['of an id with a path', '..%2f..', 'INVALID_REQUEST', 400],
  ])('%s is refused', async (_what, uploadId, code, status) => {
    await using service = await world()
    expect(await service.fails(getUpload, { params: { uploadId } })).toMatchObject({ code, status_code: status })
  })

  it('of another account is not found', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa')
    const { uploadId } = await open(service)
    const problem = await service.fails(getUpload, { params: { uploadId }, appId: 'wxaaaaaaaaaaaaaaaa' })
    expect(problem).toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it('needs a key', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    expect(await service.fails(getUpload, { params: { uploadId }, key: null })).toMatchObject({ status_code: 401 })
  })
})

describe('?wait=', () => {
  it('answers as soon as the upload is final', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    const begun = service.clock.now()
    const answer = service.ok(getUpload, { params: { uploadId: opened.uploadId }, query: { wait: '20' } })
    await service.clock.advance(3_000)
    await service.deliver()
    expect(await service.drive(answer)).toMatchObject({ data: { state: 'STORED' } })
    expect(service.clock.now() - begun).toBeLessThan(5_000)
  })

  it('answers the present state when the seconds are over', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    const begun = service.clock.now()
    const answer = await service.drive(service.ok(getUpload, { params: { uploadId }, query: { wait: '20' } }))
    expect(answer).toMatchObject({ data: { state: 'CREATED' } })
    expect(service.clock.now() - begun).toBe(20_000)
  })

  it('ends before the run does', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    const begun = service.clock.now()
    await service.drive(service.ok(getUpload, { params: { uploadId }, query: { wait: '20' }, limitMs: 10_000 }))
    expect(service.clock.now() - begun).toBe(8_000)
  })

  it('does not wait by default', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    await service.ok(getUpload, { params: { uploadId } })
  })

  it.each(['21', '-1', 'x', 'Infinity'])('refuses %s', async wait => {
    await using service = await world()
    const { uploadId } = await open(service)
    expect(await service.fails(getUpload, { params: { uploadId }, query: { wait } })).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { issues: [{ in: 'query', field: 'wait' }] },
    })
  })
})
