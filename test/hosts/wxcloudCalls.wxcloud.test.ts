/** Direct calls of WeChat Cloud's functions, and the one function that HTTP reaches. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createUpload } from '../../functions/createUpload.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { getUpload } from '../../functions/getUpload.ts'
import { healthz } from '../../functions/healthz.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { type GrantData, grantRow } from '../../shared/core/grants.ts'
import { routed } from '../../shared/hosts/wxcloud/router.ts'
import { CONTEXT, functionOf, hosted } from '../support/cloudFunctions.ts'
import { APP_ID, type World } from '../support/world.ts'

process.env['LOG_LEVEL'] = 'error'
afterEach(() => {
  vi.useRealTimers()
  delete process.env['HTTP_PREFIX']
})

const MINI_PROGRAM = 'wx00000000000mini1'.slice(0, 18)
const USER = { WX_APPID: MINI_PROGRAM, WX_OPENID: 'oUser-小红', TCB_SOURCE: 'wx_client' }
const IMAGE = { type: 'image', filename: '海边.png', size: 300 }

/** The context of a call, whose variables new runtimes give as JSON and old ones as pairs. */
const contextOf = (variables: Record<string, string>, style: 'environment' | 'environ' = 'environment') => ({
  ...CONTEXT,
  [style]:
    style === 'environment'
      ? JSON.stringify(variables)
      : Object.entries(variables)
          .map(pair => pair.join('='))
          .join(';'),
})

async function grant(service: World, changes: Partial<GrantData> = {}): Promise<void> {
  const data: GrantData = { mini_program: MINI_PROGRAM, openid: '*', role: 'write', app_ids: [APP_ID], updated_at: 1 }
  await service.table.put(grantRow({ ...data, ...changes }), 0)
}

const call = (service: World, id: string, event: unknown, variables: Record<string, string> = USER) =>
  functionOf(service, id)(event, contextOf(variables))

describe('a user of a mini program', () => {
  it.each(['environment', 'environ'] as const)('is who the platform says, told as %s', async style => {
    await using service = await hosted()
    await grant(service)
    const event = { app_id: APP_ID, body: IMAGE, userInfo: { openId: 'forged' } }
    const answer = await functionOf(service, 'createUpload')(event, contextOf(USER, style))
    expect(answer).toMatchObject({ data: { state: 'CREATED', upload_id: expect.any(String) } })
  })

  it('may do what a grant allows, for these accounts, and nothing as admin', async () => {
    await using service = await hosted()
    await grant(service, { role: 'read' })
    expect(await call(service, 'getMaterialStats', { app_id: APP_ID })).toMatchObject({ data: { image_count: 0 } })
    expect(await call(service, 'createUpload', { app_id: APP_ID, body: IMAGE })).toMatchObject({ code: 'FORBIDDEN' })
    const other = await call(service, 'getMaterialStats', { app_id: 'wxffffffffffffffff' })
    expect(other).toMatchObject({ status_code: 403, code: 'FORBIDDEN' })
  })

  it('with a grant of their own has that one, not the one of everybody', async () => {
    await using service = await hosted()
    await grant(service)
    await grant(service, { openid: USER.WX_OPENID, role: 'read' })
    expect(await call(service, 'createUpload', { app_id: APP_ID, body: IMAGE })).toMatchObject({ code: 'FORBIDDEN' })
    const somebody = { ...USER, WX_OPENID: 'oSomebody' }
    expect(await call(service, 'createUpload', { app_id: APP_ID, body: IMAGE }, somebody)).toHaveProperty('data')
  })

  it('without a grant, or of another mini program, may do nothing', async () => {
    await using service = await hosted()
    expect(await call(service, 'getMaterialStats', { app_id: APP_ID })).toMatchObject({ code: 'FORBIDDEN' })
    await grant(service, { mini_program: 'wxaaaaaaaaaaaaaaaa' })
    expect(await call(service, 'getMaterialStats', { app_id: APP_ID })).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('gains nothing by an event that looks like HTTP, nor by a key in it', async () => {
    await using service = await hosted()
    const event = {
      path: '/wechat/material/stats',
      httpMethod: 'GET',
      headers: { authorization: `Bearer ${service.keys.admin}` },
      queryStringParameters: { app_id: APP_ID },
    }
    expect(await call(service, 'getMaterialStats', event)).toMatchObject({ code: 'FORBIDDEN' })
    const keyed = { app_id: APP_ID, api_key: service.keys.admin }
    expect(await call(service, 'getMaterialStats', keyed)).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('names path parameters beside the query, and repeats a call safely', async () => {
    await using service = await hosted()
    await grant(service)
    const opened = { app_id: APP_ID, body: IMAGE }
    const first = await call(service, 'createUpload', { ...opened, idempotency_key: 'first' })
    const again = await call(service, 'createUpload', { ...opened, idempotency_key: 'first' })
    const { upload_id } = (first as { data: { upload_id: string } }).data
    expect(again).toMatchObject({ data: { upload_id } })
    const read = { app_id: APP_ID, params: { uploadId: upload_id }, query: { wait: 0 } }
    expect(await call(service, 'getUpload', read)).toMatchObject({ data: { upload_id, filename: '海边.png' } })
  })

  it.each(['第一次', 'one\ntwo'])(
    'cannot name a repeatable call %j, as over HTTP, and the call is not made',
    async key => {
      await using service = await hosted()
      await grant(service)
      const answer = await call(service, 'createUpload', { app_id: APP_ID, body: IMAGE, idempotency_key: key })
      expect(answer).toMatchObject({ status_code: 400, code: 'INVALID_REQUEST' })
      expect(await call(service, 'listUploads', { app_id: APP_ID })).toMatchObject({ data: [] })
    },
  )

  it.each([{ Type: 'Timer', TriggerName: 'x' }, { app_id: APP_ID }])('cannot start a job with %j', async event => {
    await using service = await hosted()
    await expect(call(service, 'sweepUploads', event)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const web = { TCB_UUID: 'web-user', TCB_SOURCE: 'web_client' }
    await expect(call(service, 'refreshToken', event, web)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(service.calls('stable_token')).toBe(0)
  })
})

describe('other callers', () => {
  it('start jobs: timers, and functions on behalf of a user', async () => {
    await using service = await hosted()
    expect(await call(service, 'sweepUploads', { Type: 'Timer' }, { TRIGGER_SRC: 'timer' })).toEqual({ swept: 0 })
    const passedOn = { ...USER, TCB_SOURCE: 'wx_client,scf' }
    expect(await call(service, 'refreshToken', { app_id: APP_ID }, passedOn)).toEqual({ outcome: 'renewed' })
  })

  it('need an API key', async () => {
    await using service = await hosted()
    expect(await call(service, 'getMaterialStats', { app_id: APP_ID }, {})).toMatchObject({ code: 'UNAUTHORIZED' })
    const keyed = { app_id: APP_ID, api_key: service.keys.read }
    expect(await call(service, 'getMaterialStats', keyed, {})).toHaveProperty('data')
  })

  it('with a key that is none are refused, whatever its characters', async () => {
    await using service = await hosted()
    const chinese = { app_id: APP_ID, api_key: '密钥' }
    expect(await call(service, 'getMaterialStats', chinese, {})).toMatchObject({ code: 'UNAUTHORIZED' })
    const broken = { app_id: APP_ID, api_key: 'a\nb' }
    expect(await call(service, 'getMaterialStats', broken, {})).toMatchObject({ status_code: 400 })
  })
})

describe('the router', () => {
  const routerOf = (service: World) =>
    routed(
      [createUpload, deleteMaterial, getMaterial, getMaterialStats, getUpload, healthz, uploadMaterial].map(each => ({
        operation: each,
        main: functionOf(service, each.id),
      })),
    )
  const get = (service: World, path: string, changes: object = {}) => ({
    path,
    httpMethod: 'GET',
    headers: { 'x-api-key': service.keys.read },
    queryStringParameters: { app_id: APP_ID },
    ...changes,
  })
  const bodyOf = (result: unknown) => JSON.parse((result as { body: string }).body)

  it.each(['/wechat/material/stats', '/material/stats', '/素材/wechat/material/stats', '/素材/material/stats'])(
    'finds the operation of %s, whatever the mapping adds or cuts off',
    async path => {
      await using service = await hosted()
      process.env['HTTP_PREFIX'] = '/素材'
      const result = await routerOf(service)(get(service, path), CONTEXT)
      expect(result).toMatchObject({ statusCode: 200 })
      expect(bodyOf(result)).toMatchObject({ data: { image_count: 0 } })
    },
  )

  it('tells the operations of one path apart by method, and fixed parts from parameters', async () => {
    await using service = await hosted()
    const main = routerOf(service)
    const one = '/wechat/material/unknown-media-id'
    expect(bodyOf(await main(get(service, one), CONTEXT))).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    const removal = get(service, one, { httpMethod: 'DELETE' })
    expect(bodyOf(await main(removal, CONTEXT))).toMatchObject({ code: 'FORBIDDEN' })
    expect(await main(get(service, '/healthz'), CONTEXT)).toMatchObject({ statusCode: 200 })
  })

  it.each([
    ['/wechat/none/of/ours', 'GET', 404, 'ROUTE_NOT_FOUND'],
    ['/wechat/material/stats', 'PATCH', 405, 'METHOD_NOT_ALLOWED'],
    ['/', 'GET', 404, 'ROUTE_NOT_FOUND'],
  ])('refuses %s with %s as %i', async (path, httpMethod, statusCode, code) => {
    await using service = await hosted()
    const result = await routerOf(service)(get(service, path, { httpMethod }), CONTEXT)
    expect(result).toMatchObject({ statusCode, headers: { 'x-request-id': CONTEXT.request_id } })
    expect(bodyOf(result)).toMatchObject({ code })
  })

  it('takes direct calls by the id of the operation', async () => {
    await using service = await hosted()
    await grant(service)
    const event = { operation: 'getMaterialStats', app_id: APP_ID }
    expect(await routerOf(service)(event, contextOf(USER))).toHaveProperty('data')
    const unknown = { operation: 'dropEverything', app_id: APP_ID }
    expect(await routerOf(service)(unknown, contextOf(USER))).toMatchObject({ code: 'ROUTE_NOT_FOUND' })
  })
})
