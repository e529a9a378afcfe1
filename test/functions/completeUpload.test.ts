import { describe, expect, it } from 'vitest'
import { completeUpload } from '../../functions/completeUpload.ts'
import { AppError } from '../../shared/core/errors.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { world } from '../support/world.ts'

describe('complete', () => {
  it('does what the lost storage event would have done', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    service.dropEvents()
    const { data } = await service.ok(completeUpload, {
      params: { uploadId: opened.uploadId },
      key: service.keys.write,
    })
    expect(data.state).toBe('UPLOADED')
    await service.settled()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
  })

  it('makes one material together with five storage events', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    const ask = { params: { uploadId: opened.uploadId } }
    await Promise.all([service.ok(completeUpload, ask), service.deliver(5), service.ok(completeUpload, ask)])
    await service.settled()
    await service.sweep()
    expect(service.materials()).toHaveLength(1)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
  })

  it('of a finished upload tells its state and does nothing', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    await service.deliver()
    const { data } = await service.ok(completeUpload, { params: { uploadId: opened.uploadId } })
    expect(data).toEqual(await view(service, opened))
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('rejects posted bytes that are not what was declared', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.post(opened, fileBytes('png', opened.bytes.length), 'image/jpeg')
    service.dropEvents()
    await service.ok(completeUpload, { params: { uploadId: opened.uploadId } })
    await service.settled()
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', error: { code: 'FILE_CONTENT_MISMATCH' } })
  })

  it('succeeds although the forwarder cannot be called, and the sweeper sends', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    service.dropEvents()
    const send = async () => {
      throw new AppError('INTERNAL', 'The function forwardUpload could not be called.')
    }
    const ports = { invoker: { ...service.invoker, send } }
    await service.ok(completeUpload, { params: { uploadId: opened.uploadId }, ports })
    await service.clock.advance(60_000)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('complete is refused', () => {
  it('before the bytes are there', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    const problem = await service.fails(completeUpload, { params: { uploadId } })
    expect(problem).toMatchObject({ code: 'OBJECT_MISSING', status_code: 409 })
  })

  it('for an expired upload', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    await service.clock.advance(3_600_000)
    await service.sweep()
    expect(await service.fails(completeUpload, { params: { uploadId } })).toMatchObject({
      code: 'UPLOAD_STATE_CONFLICT',
      details: { state: 'EXPIRED' },
    })
  })

  it.each([
    ['an unknown upload', { params: { uploadId: '01kb00000000000000000000zz' } }, 404],
    ['a malformed id', { params: { uploadId: 'x' } }, 400],
    ['no key', { params: { uploadId: '01kb00000000000000000000zz' }, key: null }, 401],
  ])('for %s', async (_what, ask, status) => {
    await using service = await world()
    expect(await service.fails(completeUpload, ask)).toMatchObject({ status_code: status })
  })

  it('for a read key', async () => {
    await using service = await world()
    const { uploadId } = await openAndPost(service)
    const problem = await service.fails(completeUpload, { params: { uploadId }, key: service.keys.read })
    expect(problem).toMatchObject({ code: 'FORBIDDEN' })
  })
})
