import { describe, expect, it } from 'vitest'
import { retryUpload } from '../../functions/retryUpload.ts'
import { AppError } from '../../shared/core/errors.ts'
import { sha256 } from '../support/files.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const ADD = '/cgi-bin/material/add_material'

/** Delivers while WeChat is away: surely nothing was sent. */
async function deliverInVain(service: World): Promise<void> {
  // The token is there already, or its renewal would have to wait, too.
  await service.wechat.material(APP_ID).count()
  service.weChatIsDown = true
  await service.deliver()
  service.weChatIsDown = false
}

describe('a retry', () => {
  it('of a parked upload does not wait any longer', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    await deliverInVain(service)
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED' })
    const { data } = await service.ok(retryUpload, { params: { uploadId: opened.uploadId }, key: service.keys.write })
    expect(data).toMatchObject({ state: 'UPLOADED', attempts: 0 })
    expect(data.parked_until).toBeUndefined()
    await service.settled()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })

  it('of a rejected upload sends the same bytes again', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40007, times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', error: { wechat: { errcode: 40007 } } })
    await service.ok(retryUpload, { params: { uploadId: opened.uploadId } })
    await service.settled()
    const upload = await view(service, opened)
    expect(upload).toMatchObject({ state: 'STORED' })
    expect(upload.error).toBeUndefined()
    expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
  })

  it('of an unclear upload looks first and never doubles the material', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
    await service.ok(retryUpload, { params: { uploadId: opened.uploadId } })
    await service.settled()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
    expect(service.materials()).toHaveLength(1)
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('asked ten times at once sends once', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    await deliverInVain(service)
    const ask = { params: { uploadId: opened.uploadId } }
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.request(retryUpload, ask)))
    await service.settled()
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
    expect(service.materials()).toHaveLength(1)
  })

  it('succeeds although the forwarder cannot be called, and the sweeper sends', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    await deliverInVain(service)
    const send = async () => {
      throw new AppError('INTERNAL', 'The function forwardUpload could not be called.')
    }
    const ports = { invoker: { ...service.invoker, send } }
    await service.ok(retryUpload, { params: { uploadId: opened.uploadId }, ports })
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('a retry is refused', () => {
  it('for an upload that waits for its bytes', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    expect(await service.fails(retryUpload, { params: { uploadId } })).toMatchObject({
      code: 'UPLOAD_STATE_CONFLICT',
      details: { state: 'CREATED' },
    })
  })

  it('for a stored upload', async () => {
    await using service = await world()
    const { uploadId } = await openAndPost(service)
    await service.deliver()
    expect(await service.fails(retryUpload, { params: { uploadId } })).toMatchObject({ code: 'UPLOAD_STATE_CONFLICT' })
    expect(service.materials()).toHaveLength(1)
  })

  it('when the posted bytes are gone', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.post(opened, Buffer.alloc(opened.bytes.length))
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED' })
    const problem = await service.fails(retryUpload, { params: { uploadId: opened.uploadId } })
    expect(problem).toMatchObject({ code: 'OBJECT_MISSING', status_code: 409 })
  })

  it.each([
    ['an unknown upload', { params: { uploadId: '01kb00000000000000000000zz' } }, 404],
    ['a malformed id', { params: { uploadId: 'x' } }, 400],
    ['no key', { params: { uploadId: '01kb00000000000000000000zz' }, key: null }, 401],
  ])('for %s', async (_what, ask, status) => {
    await using service = await world()
    expect(await service.fails(retryUpload, ask)).toMatchObject({ status_code: status })
  })

  it('for a read key', async () => {
    await using service = await world()
    const { uploadId } = await open(service)
    const problem = await service.fails(retryUpload, { params: { uploadId }, key: service.keys.read })
    expect(problem).toMatchObject({ code: 'FORBIDDEN' })
  })
})
