/** Accounts with `credential: "cloudcall"`: the real SDK, CloudBase's stand-in, and the simulator behind it. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import type { CloudCallSettings } from '../../local/cloudbase/openApi.ts'
import { accountRow, findAccount } from '../../shared/core/account.ts'
import { callQuotas } from '../../shared/domain/quotas/callQuotas.ts'
import { cloudTokens } from '../../shared/domain/tokens/cloudTokens.ts'
import { observedCloudCalls } from '../../shared/hosts/observed.ts'
import { cloudCalls } from '../../shared/stores/cloudCalls.ts'
import { weChatClient } from '../../shared/wechat/client.ts'
import { CLOUD_CALLS, cloudCallTransport, isCloudCall } from '../../shared/wechat/cloudCall.ts'
import { withCloudKinds } from '../../shared/wechat/credentials.ts'
import { testCloudBase } from '../support/cloudBase.ts'
import { CONTEXT, functionOf, hosted } from '../support/cloudFunctions.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { addMaterial, mediaFile } from '../support/library.ts'
import { multipartBody, type Part } from '../support/multipartBody.ts'
import { ProblemShape } from '../support/problemShape.ts'
import { APP_ID, type World } from '../support/world.ts'

process.env['LOG_LEVEL'] = 'error'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const close of closing.splice(0)) await close()
})

const TOKEN = 'token-of-the-platform'

/** The world of an account whose credential are cloud calls. */
async function cloudWorld(changes: Partial<CloudCallSettings> = {}): Promise<World> {
  const service = await hosted()
  const { table, ports, transport } = service
  const { clock, random, log, metrics } = ports
  const account = { appId: APP_ID, token: TOKEN }
  service.control.setSidecar({ ...account, open: false })
  const cloud = await testCloudBase({ cloudCalls: { wechatUrl: transport.origin, account, ...changes } })
  closing.push(cloud.close)
  const wechat = weChatClient({
    transport: cloudCallTransport(transport, observedCloudCalls(cloudCalls(cloud))),
    tokens: cloudTokens({ rows: service.newReader(), source: () => undefined, isCloudCall, table, clock }),
    quotas: callQuotas({ table, clock, log, metrics }),
    clock,
    random,
    seen: call => log.info('wechat', { ...call }),
  })
  Object.assign(ports, { wechat, credentials: withCloudKinds(ports.credentials) })
  const row = await findAccount(table, APP_ID)
  if (!row) throw new Error('the world has no account')
  await table.put(accountRow({ ...row.data, credential: 'cloudcall' }), row.version)
  return service
}

const call = (service: World, id: string, parts: Record<string, unknown> = {}) =>
  functionOf(service, id)({ app_id: APP_ID, api_key: service.keys.write, ...parts }, CONTEXT)

const Result = z.object({ statusCode: z.int(), body: z.string().transform((text): unknown => JSON.parse(text)) })

async function post(service: World, id: string, path: string, parts: Part[]) {
  const { contentType, bytes } = multipartBody(parts)
  const event = {
    path,
    httpMethod: 'POST',
    headers: { authorization: `Bearer ${service.keys.write}`, 'content-type': contentType },
    queryStringParameters: { app_id: APP_ID },
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  }
  return Result.parse(await functionOf(service, id)(event, CONTEXT))
}

const file = (bytes: Buffer, filename: string): Part => ({ filename, bytes, contentType: 'application/octet-stream' })
const upload = (service: World, bytes = fileBytes('jpg', 900)) =>
  post(service, 'uploadMaterial', '/wechat/image/material', [file(bytes, '海边日出.jpg')])

describe('cloud calls', () => {
  it('take a file with every byte and its Chinese name, and no token', async () => {
    await using service = await cloudWorld()
    const bytes = fileBytes('jpg', 900)
    expect(await upload(service, bytes)).toMatchObject({ statusCode: 200 })
    expect(service.materials()).toMatchObject([{ sha256: sha256(bytes) }])
    const { item } = await service.ports.wechat.material(APP_ID).list('image', 0, 20)
    expect(item).toMatchObject([{ name: expect.stringMatching(/^海边日出\..*jpg$/) }])
    expect(service.calls('stable_token')).toBe(0)
  })

  it('take a video with its description', async () => {
    await using service = await cloudWorld()
    const bytes = fileBytes('mp4', 900)
    const told = [
      { name: 'title', bytes: '春节 “一”' },
      { name: 'introduction', bytes: '简介 & 说明' },
    ]
    const answer = await post(service, 'uploadMaterial', '/wechat/video/material', [...told, file(bytes, '春节.mp4')])
    expect(answer).toMatchObject({ statusCode: 200, body: { data: { media_id: expect.any(String) } } })
    expect(service.materials()).toMatchObject([{ sha256: sha256(bytes) }])
    expect(service.calls('stable_token')).toBe(0)
  })

  it('take temporary media and images of articles', async () => {
    await using service = await cloudWorld()
    const parts = [file(fileBytes('png', 500), '头图.png')]
    const temporary = await post(service, 'uploadTemporaryMedia', '/wechat/media/temporary', parts)
    expect(temporary).toMatchObject({ statusCode: 200, body: { data: { media_id: expect.any(String) } } })
    const image = await post(service, 'uploadArticleImage', '/wechat/material/article/image', parts)
    expect(image).toMatchObject({ statusCode: 200, body: { data: { url: expect.stringContaining('http') } } })
    expect(service.calls('stable_token')).toBe(0)
  })

  it('list and count the library', async () => {
    await using service = await cloudWorld()
    await upload(service)
    const listed = await call(service, 'listMaterials', { query: { type: 'image' } })
    expect(listed).toMatchObject({ total_count: 1, item_count: 1 })
    expect(service.calls('stable_token')).toBe(0)
    expect(await call(service, 'getMaterialStats')).toMatchObject({ data: { image_count: 1 } })
    expect(service.calls('material/get_materialcount')).toBe(1)
  })
})

describe('the token row opens', () => {
  it('drafts, which have no cloud call', async () => {
    await using service = await cloudWorld()
    const { media_id: thumb } = await service.ports.wechat.material(APP_ID).add('image', mediaFile('jpg'), undefined)
    const before = service.calls('stable_token')
    const body = { articles: [{ title: '海边', thumb_media_id: thumb, content: '<p>日出</p>' }] }
    const created = await call(service, 'createArticle', { body })
    expect(created).toMatchObject({ data: { media_id: expect.any(String) } })
    expect([before, service.calls('draft/add')]).toEqual([0, 1])
    expect(service.calls('stable_token')).toBe(1)
  })

  it('files above 1 MiB', async () => {
    await using service = await cloudWorld()
    const bytes = fileBytes('jpg', 1024 * 1024)
    expect(await upload(service, bytes)).toMatchObject({ statusCode: 200 })
    expect(service.materials()).toMatchObject([{ sha256: sha256(bytes) }])
    expect(service.calls('stable_token')).toBe(1)
  })

  it('answers that are too large for a cloud call (-604001)', async () => {
    await using service = await cloudWorld()
    const bytes = fileBytes('jpg', 1024 * 1024 + 1)
    const mediaId = await addMaterial(service, { bytes })
    const material = await service.ports.wechat.material(APP_ID).get(mediaId)
    expect(material).toMatchObject({ kind: 'binary', size: bytes.length })
    if ('body' in material) material.body.destroy()
    expect(service.calls('material/get_material')).toBe(2)
  })
})

/** The platform refuses every cloud call so. */
const refused = (code: number) => cloudWorld({ refusal: () => code })

describe('a refusal', () => {
  it.each([
    ['for a call that the platform does not have (-604100)', -604100],
    ['for a source that it does not take (-604104)', -604104],
  ])('%s leads to the token row, every byte once', async (_what, code) => {
    await using service = await refused(code)
    const bytes = fileBytes('jpg', 900)
    expect(await upload(service, bytes)).toMatchObject({
      statusCode: 200,
      body: { data: { media_id: expect.any(String) } },
    })
    expect(service.materials()).toMatchObject([{ sha256: sha256(bytes) }])
    expect([service.calls('stable_token'), service.calls('material/add_material')]).toEqual([1, 1])
    expect(await call(service, 'getMaterialStats')).toMatchObject({ data: { image_count: 1 } })
  })

  it('for want of an answer in time is unclear, and nothing is sent by another way (-604102)', async () => {
    await using service = await refused(-604102)
    const { statusCode, body } = await upload(service)
    expect([statusCode, ProblemShape.parse(body).code]).toEqual([504, 'WECHAT_UNCLEAR'])
    expect([service.calls('stable_token'), service.calls('material/add_material')]).toEqual([0, 0])
  })

  it('for an account that the environment does not own is for the operator (-604101)', async () => {
    await using service = await cloudWorld({ account: { appId: 'wxffffffffffffffff', token: TOKEN } })
    const refused = await call(service, 'getMaterialStats')
    expect(refused).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', wechat: { errcode: -604101 } })
  })

  it('for want of permission names the remedy (-604101), and nothing was uploaded', async () => {
    await using service = await cloudWorld({ permitted: () => [] })
    const { statusCode, body } = await upload(service)
    expect([statusCode, ProblemShape.parse(body).code]).toEqual([424, 'ACCOUNT_MISCONFIGURED'])
    expect(ProblemShape.parse(body).message).toContain('config.json')
    expect(service.materials()).toEqual([])
  })

  it('of WeChat itself is judged as ever', async () => {
    await using service = await cloudWorld()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'errcode', errcode: 45009, times: 1 })
    const { body } = await upload(service)
    expect(ProblemShape.parse(body).code).toBe('WECHAT_QUOTA')
  })

  it('without an answer of WeChat is unclear: the file may have arrived (-604103)', async () => {
    await using service = await cloudWorld()
    service.control.addFault({ path: '/cgi-bin/material/add_material', kind: 'accept-then-reset', times: 1 })
    const { body } = await upload(service)
    expect(ProblemShape.parse(body).code).toBe('WECHAT_UNCLEAR')
    expect(service.materials()).toHaveLength(1)
  })

  it('by a platform that is not there has surely changed nothing', async () => {
    await using service = await cloudWorld()
    for (const close of closing.splice(0)) await close()
    const { body } = await upload(service)
    expect(ProblemShape.parse(body).code).toBe('WECHAT_UNREACHABLE')
  })
})

it('no name is asked for that the documents spell in two ways or not at all', () => {
  expect(Object.keys(CLOUD_CALLS).filter(endpoint => /^draft|del_|media\/get/.test(endpoint))).toEqual([])
})
