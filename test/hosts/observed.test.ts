/** What an operator sees of a request: one line, one trace through all functions, spans where somebody collects them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  trace,
} from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { listMaterials } from '../../functions/listMaterials.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import { GUARDS } from '../../shared/core/guards.ts'
import { endpoint } from '../../shared/core/pipeline.ts'
import { callFields, carrying, inCall, taken } from '../../shared/hosts/callContext.ts'
import { jsonLog } from '../../shared/hosts/jsonLog.ts'
import { observed, observedTransport } from '../../shared/hosts/observed.ts'
import { inSpan } from '../../shared/hosts/spans.ts'
import type { Transport, TransportRequest } from '../../shared/wechat/transportPort.ts'
import { fileBytes } from '../support/files.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { APP_ID, world } from '../support/world.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`
const FACTS = { operation: 'getUpload', request_id: 'r-1' }

describe('a line of the log', () => {
  it('of a request tells operation, account, duration, bytes, and what WeChat said', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/media/upload', kind: 'errcode', errcode: 45009, times: 1 })
    const form = multipartBody([{ filename: '图.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg') }])
    await service.fails(uploadTemporaryMedia, { form })
    expect(service.lines().find(({ message }) => message === 'request')).toMatchObject({
      operation: 'uploadTemporaryMedia',
      app_id: APP_ID,
      request_id: expect.any(String),
      status: 429,
      duration_ms: expect.any(Number),
      bytes_in: form.bytes.length,
      bytes_out: expect.any(Number),
      errcode: 45009,
      rid: expect.any(String),
    })
    expect(service.lines().find(({ message }) => message === 'wechat')).toMatchObject({
      app_id: APP_ID,
      endpoint: 'media/upload',
      duration_ms: expect.any(Number),
      bytes: expect.any(Number),
      errcode: 45009,
    })
  })

  it('of an answer tells its bytes as they leave', async () => {
    await using service = await world()
    const { json } = await service.request(listMaterials, { query: { type: 'image' } })
    const line = service.lines().find(({ message }) => message === 'request')
    expect(line?.['bytes_out']).toBe(Buffer.byteLength(JSON.stringify(json)))
  })

  it('says of itself which run and which trace it belongs to', async () => {
    const lines: string[] = []
    const log = jsonLog('info', line => lines.push(line), callFields)
    log.info('出口')
    await inCall({ ...FACTS, traceparent: TRACEPARENT }, async () => log.info('入口', { app_id: APP_ID }))
    expect(lines.map(line => JSON.parse(line))).toEqual([
      { time: expect.any(String), level: 'info', message: '出口' },
      { time: expect.any(String), level: 'info', message: '入口', ...FACTS, trace_id: TRACE_ID, app_id: APP_ID },
    ])
  })
})

describe('a trace', () => {
  it('goes on in the functions that are called', async () => {
    const payloads: unknown[] = []
    const invoker = carrying({
      call: async (_id, payload) => payloads.push(payload),
      send: async (_id, payload) => void payloads.push(payload),
    })
    await inCall({ ...FACTS, traceparent: TRACEPARENT }, async () => {
      await invoker.call('refreshToken', { app_id: APP_ID })
      await invoker.send('forwardUpload', { app_id: APP_ID })
    })
    expect(payloads.map(taken)).toEqual([1, 2].map(() => ({ payload: { app_id: APP_ID }, traceparent: TRACEPARENT })))
  })

  it.each([
    undefined,
    '',
    'Bearer sucai_secret',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `${TRACEPARENT}\n`,
  ])('begins anew where a caller brings %j', async traceparent => {
    const fields = await inCall({ ...FACTS, traceparent }, async () => callFields())
    expect(fields['trace_id']).toMatch(/^[0-9a-f]{32}$/)
    expect(fields['trace_id']).not.toBe(TRACE_ID)
  })

  it('comes from the request’s own header', async () => {
    await using service = await world()
    const { ports } = service
    const seen: unknown[] = []
    const run = observed(listMaterials, async exchange => {
      seen.push(callFields())
      const door = { ambient: () => ports, ports: () => ports, table: () => service.table, guards: GUARDS }
      return endpoint(listMaterials, door)(exchange)
    })
    const request = new Request('https://service.test/wechat/materials', { headers: { traceparent: TRACEPARENT } })
    const call = { requestId: 'r-2', remaining: () => 1_000, signal: new AbortController().signal }
    expect((await run({ request, params: {}, call })).status).toBe(401)
    expect(seen).toEqual([{ operation: 'listMaterials', request_id: 'r-2', trace_id: TRACE_ID }])
  })
})

interface Recorded {
  name: string
  kind: unknown
  attributes: Record<string, unknown>
  parent: unknown
  status?: unknown
  ended?: boolean
}

/** An SDK as a layer registers one, as far as spans are concerned. */
function registerSdk(): Recorded[] {
  const recorded: Recorded[] = []
  const active = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => active.getStore() ?? ROOT_CONTEXT,
    with: (next, work, that, ...args) => active.run(next, () => work.apply(that, args)),
    bind: (_next, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  const start = (name: string, { kind, attributes = {} }: SpanOptions, parent: Context) => {
    const one: Recorded = { name, kind, attributes: { ...attributes }, parent: trace.getSpanContext(parent)?.traceId }
    recorded.push(one)
    const span = {
      setAttribute: (key: string, value: unknown) => {
        one.attributes[key] = value
      },
      setStatus: (status: unknown) => {
        one.status = status
      },
      end: () => {
        one.ended = true
      },
    }
    return span as Partial<Span> as Span
  }
  const provider = {
    getTracer: () => ({
      startActiveSpan: (name: string, options: SpanOptions, parent: Context, work: (span: Span) => unknown) => {
        const span = start(name, options, parent)
        return manager.with(trace.setSpan(parent, span), () => work(span))
      },
    }),
  }
  context.setGlobalContextManager(manager)
  trace.setGlobalTracerProvider(Object(provider))
  propagation.setGlobalPropagator({
    inject: () => undefined,
    fields: () => ['traceparent'],
    extract: (into, carrier, getter) => {
      const [, traceId = '', spanId = ''] = String(getter.get(carrier, 'traceparent')).split('-')
      return trace.setSpanContext(into, { traceId, spanId, traceFlags: 1, isRemote: true })
    },
  })
  return recorded
}

describe('a span', () => {
  afterEach(() => {
    for (const api of [context, trace, propagation]) api.disable()
  })

  it('is made by the SDK that the OpenTelemetry API knows, in the trace of the caller', async () => {
    const recorded = registerSdk()
    const start = { kind: 'server', attributes: { 'http.route': '/wechat/materials', app_id: undefined } } as const
    const result = await inSpan('listMaterials', { ...start, traceparent: TRACEPARENT }, async span => {
      span.setAttribute('http.response.status_code', 200)
      return '完'
    })
    expect(result).toBe('完')
    expect(recorded).toEqual([
      {
        name: 'listMaterials',
        kind: 1,
        attributes: { 'http.route': '/wechat/materials', 'http.response.status_code': 200 },
        parent: TRACE_ID,
        ended: true,
      },
    ])
  })

  it('is not needed: without an SDK the work is done all the same', async () => {
    expect(await inSpan('x', { kind: 'server', attributes: {} }, async () => 7)).toBe(7)
  })

  it('of a call to WeChat has its path and never its token', async () => {
    const recorded = registerSdk()
    const transport: Transport = {
      origin: 'https://api.weixin.qq.com',
      send: async () => {
        throw Object.assign(new Error('token-canary'), { code: 'WECHAT_UNREACHABLE' })
      },
      download: async () => {
        throw new Error('not asked')
      },
    }
    const request: TransportRequest = {
      ...{ method: 'GET', path: '/cgi-bin/media/get', headers: {} },
      ...{ body: undefined, timeoutMs: 1, signal: undefined },
      query: { access_token: 'token-canary' },
    }
    await expect(observedTransport(transport).send(request)).rejects.toThrow('token-canary')
    expect(recorded).toMatchObject([
      {
        name: 'GET /cgi-bin/media/get',
        kind: 2,
        attributes: { 'url.path': '/cgi-bin/media/get', 'error.type': 'WECHAT_UNREACHABLE' },
        status: { code: 2 },
        ended: true,
      },
    ])
    expect(JSON.stringify(recorded)).not.toContain('canary')
  })
})
