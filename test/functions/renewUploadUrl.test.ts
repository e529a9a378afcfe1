import { describe, expect, it } from 'vitest'
import { renewUploadUrl } from '../../functions/renewUploadUrl.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { world } from '../support/world.ts'

const MINUTE_MS = 60_000

describe('a fresh policy', () => {
  it('is for the same key and lives another 15 minutes', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(14 * MINUTE_MS)
    const { data } = await service.ok(renewUploadUrl, { params: { uploadId: opened.uploadId } })
    expect(data).toMatchObject({ upload_id: opened.uploadId, state: 'CREATED', fields: opened.fields })
    expect(data.expires_at).toBe(service.clock.now() / 1000 + 15 * 60)
  })

  it('keeps the upload from expiring', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(29 * MINUTE_MS)
    await service.ok(renewUploadUrl, { params: { uploadId: opened.uploadId } })
    await service.clock.advance(2 * MINUTE_MS)
    await service.sweep()
    await service.post(opened, opened.bytes)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })

  it('is given after the old one ran out', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(16 * MINUTE_MS)
    await service.sweep()
    await service.ok(renewUploadUrl, { params: { uploadId: opened.uploadId }, key: service.keys.write })
  })
})

describe('no fresh policy', () => {
  it.each(['STORED', 'REJECTED', 'EXPIRED'])('for an upload that is %s', async state => {
    await using service = await world()
    const opened = state === 'EXPIRED' ? await open(service) : await openAndPost(service)
    if (state === 'REJECTED') await service.post(opened, Buffer.alloc(opened.bytes.length))
    if (state === 'EXPIRED') await service.clock.advance(31 * MINUTE_MS)
    await service.deliver()
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state })
    const problem = await service.fails(renewUploadUrl, { params: { uploadId: opened.uploadId } })
    expect(problem).toMatchObject({ code: 'UPLOAD_STATE_CONFLICT', status_code: 409, details: { state } })
  })

  it('for an unknown upload', async () => {
    await using service = await world()
    const problem = await service.fails(renewUploadUrl, { params: { uploadId: '01kb00000000000000000000zz' } })
    expect(problem).toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it('with a read key', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    const problem = await service.fails(renewUploadUrl, { params: { uploadId }, key: service.keys.read })
    expect(problem).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('when a sender takes the upload in the same moment', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    const table: typeof service.table = {
      ...service.table,
      async put(draft, expected, signal) {
        await service.deliver()
        return service.table.put(draft, expected, signal)
      },
    }
    const ask = { params: { uploadId: opened.uploadId }, ports: { table } }
    expect(await service.fails(renewUploadUrl, ask)).toMatchObject({ code: 'UPLOAD_STATE_CONFLICT' })
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})
