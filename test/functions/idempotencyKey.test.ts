/** `Idempotency-Key` on every POST about an account (service-api.md §1). */
import { describe, expect, it } from 'vitest'
import { createArticle } from '../../functions/createArticle.ts'
import { createKey } from '../../functions/createKey.ts'
import { createUpload } from '../../functions/createUpload.ts'
import * as exported from '../../functions/index.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import { AppError } from '../../shared/core/errors.ts'
import { isKeyed } from '../../shared/core/pipeline.ts'
import { failingWrites } from '../support/brokenTables.ts'
import { fileBytes } from '../support/files.ts'
import { article } from '../support/library.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { target } from '../support/uploads.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const HOUR_MS = 3_600_000
const DECLARED = { type: 'image', filename: '日落.jpg', size: 300 }
const ADD = '/cgi-bin/material/add_material'

const keyed = (ask: Ask, key = 'k-1'): Ask => ({ ...ask, headers: { ...ask.headers, 'idempotency-key': key } })
const image = (boundary?: string): Ask => ({
  params: { type: 'image' },
  form: multipartBody(
    [{ name: 'media', filename: '日落.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg') }],
    boundary === undefined ? {} : { boundary },
  ),
})

const uploadsOf = async (service: World): Promise<number> => (await service.ok(listUploads)).data.length

describe('a repeated POST', () => {
  it('gets the first answer, and nothing happens twice', async () => {
    await using service = await world()
    const first = await service.request(uploadMaterial, keyed(image()))
    const again = await service.request(uploadMaterial, keyed(image()))
    expect(first).toMatchObject({ status: 200 })
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(again).toMatchObject({ status: 200, json: first.json })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(service.materials()).toHaveLength(1)
    expect(await uploadsOf(service)).toBe(1)
  })

  it('of an unclear outcome gets the same answer, and nothing is sent again', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const first = await service.request(uploadMaterial, keyed(image()))
    const again = await service.request(uploadMaterial, keyed(image()))
    expect(first).toMatchObject({ status: 504, json: { code: 'WECHAT_UNCLEAR' } })
    expect(again).toMatchObject({ status: 504, json: { code: 'WECHAT_UNCLEAR' } })
    expect(service.materials()).toHaveLength(1)
  })

  it('without the header happens twice', async () => {
    await using service = await world()
    await service.ok(uploadMaterial, { ...image(), query: { force: 'true' } })
    await service.ok(uploadMaterial, { ...image(), query: { force: 'true' } })
    expect(service.materials()).toHaveLength(2)
  })

  it('with a form that was built anew, and so has another boundary, is the same', async () => {
    await using service = await world()
    const first = await service.request(uploadMaterial, keyed(image('----one')))
    const again = await service.request(uploadMaterial, keyed(image('----another2')))
    expect(again).toMatchObject({ status: 200, json: first.json })
    expect(service.materials()).toHaveLength(1)
  })

  it('gets a refusal that stays what it is, under its own request id', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40007, times: 1 })
    const first = await service.fails(uploadMaterial, keyed(image()))
    const again = await service.fails(uploadMaterial, keyed(image()))
    expect(again).toEqual({ ...first, request_id: again.request_id })
    expect(again.request_id).not.toBe(first.request_id)
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('of an upload hands out the same one with a target that is valid now', async () => {
    await using service = await world()
    const ask = keyed({ body: DECLARED })
    const first = await target(service, ask)
    await service.clock.advance(12 * 60_000)
    const again = await target(service, ask)
    expect(again.upload_id).toBe(first.upload_id)
    expect(again.expires_at).toBe(first.expires_at + 12 * 60)
    const keyOf = ({ fields, headers }: typeof first) => (fields ?? headers)?.['key']
    expect(keyOf(again)).toBe(keyOf(first))
    expect(keyOf(again)).toContain(first.upload_id)
    expect(await uploadsOf(service)).toBe(1)
    const body = Buffer.from(fileBytes('jpg', 300))
    await service.post(again, body)
    await service.deliver()
    expect((await service.ok(createUpload, ask)).data).toMatchObject({ upload_id: first.upload_id })
  })

  it('runs again after a day', async () => {
    await using service = await world()
    const ask = keyed({ body: DECLARED })
    const first = await service.ok(createUpload, ask)
    await service.clock.advance(24 * HOUR_MS - 1)
    expect((await service.ok(createUpload, ask)).data.upload_id).toBe(first.data.upload_id)
    await service.clock.advance(1)
    expect((await service.ok(createUpload, ask)).data.upload_id).not.toBe(first.data.upload_id)
  })

  it('of ten at once runs once; the others are told to wait', async () => {
    await using service = await world()
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.request(uploadMaterial, keyed(image()))))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
    const waiting = answers.find(({ status }) => status === 409)
    expect(waiting?.json).toMatchObject({ code: 'IDEMPOTENCY_KEY_RUNNING' })
    expect(Number(waiting?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(service.materials()).toHaveLength(1)
  })
})

describe('the same key', () => {
  it('with another body is 422', async () => {
    await using service = await world()
    await service.ok(createUpload, keyed({ body: DECLARED }))
    const problem = await service.fails(createUpload, keyed({ body: { ...DECLARED, size: 301 } }))
    expect(problem).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status_code: 422 })
  })

  it('with another query is 422', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, keyed(image()))
    const problem = await service.fails(uploadTemporaryMedia, keyed({ ...image(), query: { type: 'image' } }))
    expect(problem).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  it('with another byte in the file is 422', async () => {
    await using service = await world()
    await service.ok(uploadTemporaryMedia, keyed(image()))
    const form = multipartBody([
      { name: 'media', filename: '日落.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg', 300, 2) },
    ])
    expect(await service.fails(uploadTemporaryMedia, keyed({ form }))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  it('of another caller, account or operation is another key', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa')
    const ids = new Set<string>()
    for (const ask of [{}, { key: service.keys.write }, { appId: 'wxaaaaaaaaaaaaaaaa' }]) {
      const { data } = await service.ok(createUpload, keyed({ ...ask, body: DECLARED }))
      ids.add(data.upload_id)
    }
    expect(ids.size).toBe(3)
    expect(await service.request(uploadMaterial, keyed(image()))).toMatchObject({ status: 200 })
  })

  it('may be used for the corrected request when the door refused the first one', async () => {
    await using service = await world()
    const body = { ...DECLARED, size: -1 }
    expect(await service.fails(createUpload, keyed({ body }))).toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await service.request(createUpload, keyed({ body: DECLARED }))).toMatchObject({ status: 201 })
  })
})

describe('an answer is not kept', () => {
  it('of 500 and above', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: -1, times: 1 })
    expect(await service.fails(uploadMaterial, keyed(image()))).toMatchObject({ status_code: 503 })
    expect(await service.request(uploadMaterial, keyed(image()))).toMatchObject({ status: 200 })
  })

  it('of 500 and above, although the same request would fail again', async () => {
    await using service = await world()
    const open = async () => {
      throw new AppError('SECRET_UNREADABLE', 'The stored secret cannot be opened.')
    }
    const wechat = { ...service.wechat, material: () => ({ ...service.wechat.material(APP_ID), add: open }) }
    const problem = await service.fails(uploadMaterial, { ...keyed(image()), ports: { wechat } })
    expect(problem).toMatchObject({ code: 'SECRET_UNREADABLE', status_code: 500 })
    expect(await service.request(uploadMaterial, keyed(image()))).toMatchObject({ status: 200 })
  })

  it('that changes by waiting', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 45011, times: 1 })
    expect(await service.fails(uploadMaterial, keyed(image()))).toMatchObject({ status_code: 429 })
    await service.clock.advance(60_000)
    expect(await service.request(uploadMaterial, keyed(image()))).toMatchObject({ status: 200 })
  })

  it('when the table fails; it is given all the same', async () => {
    await using service = await world()
    const isAnswer = (draft: { pk: string; data: unknown }) =>
      draft.pk.startsWith('IDEM#') && typeof draft.data === 'object' && draft.data !== null && 'answer' in draft.data
    const ports = { table: failingWrites(service.table, isAnswer) }
    expect(await service.request(createUpload, { ...keyed({ body: DECLARED }), ports })).toMatchObject({ status: 201 })
    expect(await uploadsOf(service)).toBe(1)
  })
})

describe('a run that crashed', () => {
  it('blocks its key until its own deadline, no longer', async () => {
    await using service = await world()
    const key = 'k-1'
    // What a function leaves behind that was killed: the claim, and nothing else.
    const crash = service.request(createUpload, {
      ...keyed({ body: DECLARED }, key),
      ports: { signer: { uploadTarget: () => new Promise(() => {}), downloadUrl: async () => '' } },
    })
    crash.catch(() => undefined)
    await service.clock.advance(0)
    expect(await service.fails(createUpload, keyed({ body: DECLARED }, key))).toMatchObject({
      code: 'IDEMPOTENCY_KEY_RUNNING',
    })
    await service.clock.advance(28_999)
    expect(await service.fails(createUpload, keyed({ body: DECLARED }, key))).toMatchObject({ status_code: 409 })
    await service.clock.advance(1)
    expect(await service.request(createUpload, keyed({ body: DECLARED }, key))).toMatchObject({ status: 201 })
  })
})

describe('the header', () => {
  it.each([
    ['empty', ''],
    ['of 256 characters', 'x'.repeat(256)],
    ['with spaces', 'a b'],
  ])('%s is refused', async (_what, key) => {
    await using service = await world()
    expect(await service.fails(createUpload, keyed({ body: DECLARED }, key))).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { issues: [{ in: 'header', field: 'Idempotency-Key' }] },
    })
  })

  it('of 255 characters is taken', async () => {
    await using service = await world()
    expect(await service.request(createUpload, keyed({ body: DECLARED }, 'x'.repeat(255)))).toMatchObject({
      status: 201,
    })
  })

  it('counts for articles too', async () => {
    await using service = await world()
    const body = await article(service)
    const first = await service.ok(createArticle, keyed({ body }))
    expect(await service.ok(createArticle, keyed({ body }))).toEqual(first)
    expect(service.calls('draft/add')).toBe(1)
  })

  it('does not count where an answer holds a secret', async () => {
    await using service = await world()
    const body = { role: 'read', app_ids: [APP_ID] }
    const first = await service.ok(createKey, keyed({ body, appId: null }))
    expect((await service.ok(createKey, keyed({ body, appId: null }))).data.key).not.toBe(first.data.key)
    expect((await service.table.list('IDEM#', { limit: 1 })).items).toEqual([])
  })

  it('counts for every POST of a caller but those about accounts and keys; WeChat’s push has its own ids', () => {
    const posts = Object.values(exported).flatMap(one =>
      one.kind === 'operation' && one.method === 'POST' ? [one] : [],
    )
    const exempt = posts.filter(one => !isKeyed(one)).map(({ id }) => id)
    expect(exempt.sort()).toEqual(['createKey', 'receiveMessage', 'refreshAccountToken'])
  })
})
