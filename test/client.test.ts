/** The generated client against the real local gateway over a world's operations. */
import { describe, expect, it } from 'vitest'
import { ServiceError, sucaiClient } from '../client/sucai.gen.ts'
import * as exported from '../functions/index.ts'
import { startGateway } from '../local/stack/gateway.ts'
import type { Operation } from '../shared/core/operation.ts'
import { serve, serveOpen } from '../shared/hosts/lambda/serve.ts'
import { fileBytes, sha256 } from './support/files.ts'
import { wiringOf } from './support/hosting.ts'
import { APP_ID, type World, world } from './support/world.ts'

process.env['LOG_LEVEL'] = 'error'

type AnyOperation = Operation<never, unknown, unknown, unknown, unknown>

/** A gateway in front of every operation. */
async function gatewayOf(service: World) {
  const operations = Object.values(exported).flatMap(one => (one.kind === 'operation' ? [one as AnyOperation] : []))
  const handlers = new Map(
    operations.map(one => [
      one.id,
      one.role === 'public'
        ? serveOpen(one, {})
        : serve<never, unknown, unknown, unknown, unknown>(one, wiringOf(service)),
    ]),
  )
  return startGateway({
    port: 0,
    functions: operations.map(({ id, method, path }) => ({
      ...{ id, timeoutMs: 29_000, objectPrefixes: [], schedules: [] },
      routes: [{ method, path }],
    })),
    runner: {
      call: async (id, event) =>
        handlers.get(id)?.(event, { awsRequestId: 'test', getRemainingTimeInMillis: () => 29_000 }),
      send: () => undefined,
      stop: () => undefined,
    },
    log: service.ports.log,
  })
}

describe('the client', () => {
  it('has a function for every operation', () => {
    const operations = Object.values(exported).flatMap(one => (one.kind === 'operation' ? [one.id] : []))
    expect(Object.keys(sucaiClient({ baseUrl: 'http://127.0.0.1' })).sort()).toEqual(operations.sort())
  })

  it('uploads, lists and deletes with a Chinese name, byte for byte', async () => {
    await using service = await world()
    const gateway = await gatewayOf(service)
    const client = sucaiClient({ baseUrl: gateway.url, apiKey: service.keys.write, appId: APP_ID })
    try {
      const bytes = fileBytes('png', 5_000)
      const file = new File([bytes], '日落 海边.png', { type: 'image/png' })
      const { data } = await client.uploadMaterial({ type: 'image', form: { file } }, { idempotencyKey: 'k-1' })
      const { data: again } = await client.uploadMaterial({ type: 'image', form: { file } }, { idempotencyKey: 'k-1' })
      expect(again).toEqual(data)
      expect(service.materials()).toMatchObject([
        { sha256: sha256(bytes), filename: expect.stringMatching(/^日落 海边\./) },
      ])
      const { item } = await client.listMaterials({ type: 'image', limit: 5 })
      expect(item.map(({ media_id }) => media_id)).toEqual([data.media_id])
      const article = { title: '春节 “一”', thumb_media_id: data.media_id, content: '<p>正文</p>' }
      const draft = await client.createArticle({ body: article })
      await client.updateArticle({
        mediaId: draft.data.media_id,
        body: { article: { ...article, title: '新题' }, index: 0 },
      })
      const found = await client.getMaterial({ mediaId: draft.data.media_id })
      expect('news_item' in found && found.news_item[0]?.title).toBe('新题')
      expect((await client.deleteMaterial({ mediaId: draft.data.media_id })).data.message).toBe('ok')
      expect(await client.healthz()).toEqual({ status: 'ok' })
      expect(await client.docs()).toContain('<!doctype html>')
    } finally {
      await gateway.close()
    }
  })

  it('throws what the service refuses, with code, status and request id', async () => {
    await using service = await world()
    const gateway = await gatewayOf(service)
    const client = sucaiClient({ baseUrl: gateway.url, apiKey: service.keys.read, appId: APP_ID })
    try {
      const error = await client.listKeys({}, { requestId: 'mine-7' }).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(ServiceError)
      expect(error).toMatchObject({ status: 403, problem: { code: 'FORBIDDEN', request_id: 'mine-7' } })
      service.control.addFault({ path: '/cgi-bin/draft/count', kind: 'errcode', errcode: 45011, times: 1 })
      expect(await client.getMaterialStats().catch((cause: unknown) => cause)).toMatchObject({
        status: 429,
        retryAfter: 60,
        problem: { wechat: { errcode: 45011 } },
      })
    } finally {
      await gateway.close()
    }
  })
})
