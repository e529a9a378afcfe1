/** A full library is told before a byte travels, whatever of its limit is known (reliability.md row 24). */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createUpload } from '../../functions/createUpload.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getAccount } from '../../functions/getAccount.ts'
import { putAccount } from '../../functions/putAccount.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { openAndPost, view } from '../support/uploads.ts'
import { type World, world } from '../support/world.ts'

const SMALL = 'wxsmallsmallsmall0'
const ADD = '/cgi-bin/material/add_material'
const COUNT = 'material/get_materialcount'
const IMAGE = { type: 'image', filename: '图.jpg', size: 300 }
const create = { body: IMAGE, appId: SMALL }

/** An account whose library holds `limit` images, `used` of them taken; our own idea of its limit is `known`. */
async function library(
  service: World,
  { limit = 50, used = 0, known }: { limit?: number; used?: number; known?: number } = {},
): Promise<void> {
  await service.addAccount(SMALL, {
    uncounted: true,
    limits: { libraryImages: limit, libraryVoices: 1 },
    row: { library_limits: { image_and_news: known ?? limit, voice: 1 } },
  })
  const add = (seed: number) => {
    const bytes = fileBytes('jpg', 300, 10_000 + seed)
    const open = async () => Readable.from([bytes])
    const file = { filename: `旧 ${seed}.jpg`, contentType: 'image/jpeg', size: bytes.length, open }
    return service.wechat.material(SMALL).add('image', file, undefined)
  }
  for (let seed = 0; seed < used; seed++) await add(seed)
}

const direct = (seed = 1) => {
  const bytes = fileBytes('jpg', 300, seed)
  const file = { name: 'media', filename: '图.jpg', contentType: 'image/jpeg', bytes }
  return { params: { type: 'image' }, form: multipartBody([file]), appId: SMALL }
}

describe('a full library', () => {
  it('refuses to open an upload, and says how full it is', async () => {
    await using service = await world()
    await library(service, { limit: 3, used: 3 })
    expect(await service.fails(createUpload, create)).toMatchObject({
      ...{ code: 'LIBRARY_FULL', status_code: 409 },
      details: { library: 'image_and_news', count: 3, limit: 3 },
    })
    expect((await service.table.list(`UPL#${SMALL}`, { limit: 1 })).items).toEqual([])
  })

  it('refuses a direct upload before a byte goes to WeChat', async () => {
    await using service = await world()
    await library(service, { limit: 3, used: 3 })
    expect(await service.fails(uploadMaterial, direct())).toMatchObject({ code: 'LIBRARY_FULL' })
    expect(service.calls('material/add_material')).toBe(3)
  })

  it('takes the last file that has room', async () => {
    await using service = await world()
    await library(service, { limit: 3, used: 2 })
    await service.ok(uploadMaterial, direct())
    expect(await service.fails(uploadMaterial, direct(2))).toMatchObject({ code: 'LIBRARY_FULL' })
    expect(service.materials(SMALL)).toHaveLength(3)
  })

  it('still gives out what it has, takes temporary media and other types', async () => {
    await using service = await world()
    await library(service, { limit: 1 })
    const { data } = await service.ok(uploadMaterial, direct())
    const body = { ...IMAGE, sha256: sha256(fileBytes('jpg', 300, 1)) }
    expect((await service.ok(createUpload, { body, appId: SMALL })).data).toMatchObject({ media_id: data.media_id })
    expect((await service.ok(uploadMaterial, direct())).data).toMatchObject({ reused: true })
    await service.ok(createUpload, { body: { ...IMAGE, permanent: false }, appId: SMALL })
    await service.ok(createUpload, { body: { type: 'voice', filename: '声.mp3', size: 300 }, appId: SMALL })
  })

  it('has room again as soon as something is deleted, here or elsewhere', async () => {
    await using service = await world()
    await library(service, { limit: 2, used: 2 })
    await service.fails(createUpload, create)
    const [first, second] = service.materials(SMALL)
    const mediaId = first?.media_id ?? ''
    await service.ok(deleteMaterial, { params: { mediaId }, query: { kind: 'material' }, appId: SMALL })
    await service.ok(createUpload, create)
    service.control.deleteMedia(second?.media_id ?? '')
    await service.ok(createUpload, create)
  })
})

describe('the counts', () => {
  it('are asked for once while there is much room', async () => {
    await using service = await world()
    await library(service, { limit: 5_000 })
    for (let at = 0; at < 20; at++) await service.ok(createUpload, create)
    expect(service.calls(COUNT)).toBe(1)
  })

  it('are read again near the limit, each time', async () => {
    await using service = await world()
    await library(service, { limit: 15 })
    for (let at = 0; at < 5; at++) await service.ok(createUpload, create)
    expect(service.calls(COUNT)).toBe(5)
  })

  it('are read again after the time in which the room can have been filled', async () => {
    await using service = await world()
    await library(service, { limit: 1_000 })
    await service.ok(createUpload, create)
    await service.clock.advance(99_000)
    await service.ok(createUpload, create)
    expect(service.calls(COUNT)).toBe(1)
    await service.clock.advance(2_000)
    await service.ok(createUpload, create)
    expect(service.calls(COUNT)).toBe(2)
  })

  it('that WeChat does not tell hold up nobody', async () => {
    await using service = await world()
    await library(service, { limit: 3 })
    service.control.addFault({ path: `/cgi-bin/${COUNT}`, kind: 'errcode', errcode: 45009 })
    await service.ok(createUpload, create)
  })

  it('that WeChat does not tell soon are not waited for', async () => {
    await using service = await world()
    await library(service, { limit: 3 })
    service.control.addFault({ path: `/cgi-bin/${COUNT}`, kind: 'hang' })
    const before = service.clock.now()
    const answer = service.ok(createUpload, create)
    await service.waitForFault('hang')
    await service.clock.advance(3_000)
    await answer
    expect(service.clock.now() - before).toBe(3_000)
  })
})

describe('a limit that WeChat draws earlier than its pages say', () => {
  it('(45034) rejects the upload, is remembered, and the next one is refused at once', async () => {
    await using service = await world()
    await library(service, { limit: 2, used: 2, known: 1_000 })
    const opened = await openAndPost(service, { appId: SMALL })
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', error: { code: 'LIBRARY_FULL' } })
    expect(await service.fails(createUpload, create)).toMatchObject({ code: 'LIBRARY_FULL', details: { limit: 2 } })
    service.control.deleteMedia(service.materials(SMALL)[0]?.media_id ?? '')
    await service.ok(createUpload, create)
  })

  it('is forgotten after a day', async () => {
    await using service = await world()
    await library(service, { limit: 2, used: 2, known: 1_000 })
    await service.fails(uploadMaterial, direct())
    await service.fails(createUpload, create)
    await service.clock.advance(25 * 3_600_000)
    await service.ok(createUpload, create)
  })

  it('is seen in an unknown errcode near the limit, and only there', async () => {
    await using service = await world()
    await library(service, { limit: 50, used: 2, known: 10 })
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 99_999, times: 1 })
    const near = await service.fails(uploadMaterial, direct())
    expect(near).toMatchObject({ code: 'LIBRARY_FULL', wechat: { errcode: 99_999 } })
    await service.ok(putAccount, { params: { appId: SMALL }, body: { library_limits: null } })
    await service.clock.advance(25 * 3_600_000)
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 99_999, times: 1 })
    expect(await service.fails(uploadMaterial, direct())).toMatchObject({ code: 'WECHAT_REFUSED' })
  })
})

it('the limits of an account are set by its operator and shown', async () => {
  await using service = await world()
  await library(service)
  await service.ok(putAccount, { params: { appId: SMALL }, body: { library_limits: { video: 7 } } })
  const { data } = await service.ok(getAccount, { params: { appId: SMALL }, appId: null })
  expect(data.library?.limits).toEqual({ image_and_news: 100_000, voice: 1_000, video: 7 })
  expect(data.library_limits).toEqual({ video: 7 })
})
