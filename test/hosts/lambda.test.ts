import { afterEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import * as functions from '../../functions/index.ts'
import type { PortName, Wiring } from '../../shared/core/ports.ts'
import { matchPath } from '../../shared/core/route.ts'
import { HttpEvent, pathParameters, toRequest } from '../../shared/hosts/lambda/httpEvent.ts'
import { jobEvents } from '../../shared/hosts/lambda/jobEvent.ts'
import { type LambdaHandler, serve, serveOpen } from '../../shared/hosts/lambda/serve.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { functionMap } from '../support/functionMap.ts'
import {
  openRecorded,
  RECORDED_UPLOAD_ID,
  type Recorded,
  recorded,
  recordedOf,
  successesOf,
  wiringOf,
} from '../support/hosting.ts'
import { withMedia } from '../support/library.ts'
import { ProblemShape } from '../support/problemShape.ts'
import { APP_ID, type World, world } from '../support/world.ts'

process.env['LOG_LEVEL'] = 'error'
afterEach(() => void vi.useRealTimers())

const HANDLERS = functionMap<LambdaHandler>({ serve, serveOpen })

const context = (remaining = 29_000) => ({
  awsRequestId: '8f5e3a52-0d5c-4c1b-9a53-2f4f7f0f9a11',
  getRemainingTimeInMillis: () => remaining,
})

const Result = z.strictObject({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  isBase64Encoded: z.boolean(),
})

/** A world whose time is the machine's, for hosts have the machine's clock. */
async function hosted(): Promise<World> {
  const service = await world()
  vi.useFakeTimers({ toFake: ['Date'], now: service.clock.now() })
  return service
}

const handlerOf = (service: World, id: string): LambdaHandler => HANDLERS.entryOf(id, wiringOf(service))

/** Runs a recorded event, or a changed one, through its function. */
async function handled(service: World, path: string, change: (event: Recorded) => Recorded) {
  const event = change(recorded(service, path))
  return Result.parse(await handlerOf(service, path.split('/')[0] ?? '')(event, context()))
}

/** The same with the JSON of the answer. */
async function http(service: World, path: string, change: (event: Recorded) => Recorded = event => event) {
  const result = await handled(service, path, change)
  const json: unknown = JSON.parse(result.body)
  return { ...result, json }
}

const withHeaders = (headers: Record<string, string>) => (event: Recorded) => ({
  ...event,
  headers: { ...(event['headers'] ?? {}), ...headers },
})

describe('a handler', () => {
  it.each(HANDLERS.ids)('%s takes exactly two arguments: Node 24 on Lambda refuses callbacks', async id => {
    await using service = await world()
    expect(handlerOf(service, id)).toHaveLength(2)
  })

  it.each(HANDLERS.ids)('%s is exported as main, and importing it reads no environment', async id => {
    const module: Record<string, unknown> = await import(`../../functions/${id}.ts`)
    expect(module['main']).toHaveLength(2)
  })
})

describe('any recorded event of API Gateway', () => {
  const operations = Object.values(functions).filter(value => value.kind === 'operation')

  it.each(recordedOf('apigw'))('%s is addressed to its operation, every byte of its body kept', async path => {
    await using service = await world()
    const event = HttpEvent.parse(recorded(service, path))
    const operation = operations.find(({ id }) => path.startsWith(`${id}/`))
    const request = toRequest(event)
    expect([request.method, event.requestContext.http.method]).toEqual([operation?.method, operation?.method])
    expect(matchPath(operation?.path ?? '', new URL(request.url).pathname)).toEqual(pathParameters(event))
    const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
    expect(Buffer.from(await request.arrayBuffer())).toEqual(bytes)
  })
})

describe('recorded events of API Gateway', () => {
  it.each(successesOf('apigw'))('%s succeeds', async (path, { status = 200, produces = 'application/json' }) => {
    await using service = await hosted()
    const before = path.startsWith('retry') ? 'PARKED' : path.startsWith('complete') ? 'POSTED' : 'CREATED'
    await openRecorded(service, before)
    const result = await handled(service, path, await withMedia(service))
    expect([path, result.statusCode]).toEqual([path, status])
    expect(result.headers['content-type']).toContain(produces)
    expect(result.isBase64Encoded).toBe(false)
    await service.settled()
  })

  it.each([
    ['uploadTemporaryMedia/ok.apigw.json', fileBytes('jpg', 600, 11), '日落 (1).jpg'],
    ['uploadMaterial/ok.apigw.json', fileBytes('mp4', 800, 12), '春节.'],
  ])('%s keeps every byte of the file and its Chinese name', async (path, bytes, name) => {
    await using service = await hosted()
    await http(service, path)
    const entry = service.control.ledger().at(-1)
    expect(entry).toMatchObject({ sha256: sha256(bytes), filename: expect.stringContaining(name) })
  })

  it('reach the upload that the path names', async () => {
    await using service = await hosted()
    await openRecorded(service, 'CREATED')
    const { json } = await http(service, 'getUpload/ok.apigw.json')
    expect(json).toMatchObject({ data: { upload_id: RECORDED_UPLOAD_ID, filename: '日落.jpg' } })
  })
})

describe('an answer', () => {
  it('echoes X-Request-Id, in failures too', async () => {
    await using service = await hosted()
    const mine = withHeaders({ 'x-request-id': 'order-4711:retry.2' })
    const { headers } = await http(service, 'listUploads/ok.apigw.json', mine)
    expect(headers['x-request-id']).toBe('order-4711:retry.2')
    const failed = await http(service, 'getUpload/ok.apigw.json', mine)
    expect(failed.statusCode).toBe(404)
    expect(ProblemShape.parse(failed.json).request_id).toBe('order-4711:retry.2')
  })

  it.each(['', 'has space', 'x'.repeat(129), 'a\u0001b', '<script>'])(
    'does not echo a request id like %j',
    async id => {
      await using service = await hosted()
      const { headers } = await http(service, 'healthz/ok.apigw.json', event => ({
        ...event,
        headers: { 'x-request-id': id },
      }))
      expect(headers['x-request-id']).toBe(context().awsRequestId)
    },
  )

  it('of something that is no HTTP event is 400 in the documented shape', async () => {
    await using service = await hosted()
    for (const event of [{}, null, 'x', [], { Records: [] }]) {
      const result = Result.parse(await handlerOf(service, 'healthz')(event, context()))
      expect(ProblemShape.parse(JSON.parse(result.body))).toMatchObject({ status_code: 400 })
    }
  })
})

describe('a request', () => {
  const event = (changes: Recorded): HttpEvent =>
    HttpEvent.parse({ rawPath: '/x', requestContext: { http: { method: 'POST' } }, ...changes })

  it('has exactly the bytes of a base64 body', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const request = toRequest(event({ body: bytes.toString('base64'), isBase64Encoded: true }))
    expect(Buffer.from(await request.arrayBuffer())).toEqual(bytes)
    expect(request.headers.get('content-length')).toBe('256')
  })

  it('has a text body as UTF-8', async () => {
    const request = toRequest(event({ body: '{"名":"日落😀"}' }))
    expect(await request.text()).toBe('{"名":"日落😀"}')
  })

  it('has the query as it was sent, repeated names and all', () => {
    const { searchParams } = new URL(toRequest(event({ rawQueryString: 'a=%E6%97%A5+x&a=2&b=%2F' })).url)
    expect([...searchParams]).toEqual([
      ['a', '日 x'],
      ['a', '2'],
      ['b', '/'],
    ])
  })

  it('has a path that no decoded character can break out of', () => {
    const { pathname, search } = new URL(toRequest(event({ rawPath: '/wechat/uploads/a?b#c%' })).url)
    expect([pathname, search]).toEqual(['/wechat/uploads/a%3Fb%23c%25', ''])
  })

  it('of GET has no body, whatever the event says', async () => {
    const request = toRequest(event({ body: 'x', requestContext: { http: { method: 'GET' } } }))
    expect(await request.text()).toBe('')
  })

  it('survives header values that are no Latin-1', async () => {
    await using service = await hosted()
    const { statusCode } = await http(
      service,
      'healthz/ok.apigw.json',
      withHeaders({ 'x-name': '日落', 'x-nul': 'a\u0000' }),
    )
    expect(statusCode).toBe(200)
  })
})

describe('events of jobs', () => {
  it('of S3 name the object by its decoded key', async () => {
    await using service = await world()
    expect(jobEvents(recorded(service, 'forwardUpload/foreign.s3.json'))).toEqual([
      {
        trigger: 'object',
        key: `in/${APP_ID}/日落 (1)+.jpg`,
        size: 300,
        etag: '9c1185a5c5e9fc54612808977ee8f548',
      },
    ])
  })

  it('of S3 forward the upload', async () => {
    await using service = await hosted()
    const bytes = await openRecorded(service, 'POSTED')
    const run = handlerOf(service, 'forwardUpload')
    expect(await run(recorded(service, 'forwardUpload/ok.s3.json'), context(120_000))).toEqual({ state: 'STORED' })
    expect(service.materials()).toMatchObject([{ sha256: sha256(bytes) }])
  })

  it('of S3 with several records run each of them', async () => {
    await using service = await hosted()
    await openRecorded(service, 'POSTED')
    const records = ['foreign', 'ok', 'ok'].map(name => recorded(service, `forwardUpload/${name}.s3.json`)['Records'])
    await handlerOf(service, 'forwardUpload')({ Records: records.flat() }, context(120_000))
    expect(service.materials()).toHaveLength(1)
  })

  it('of S3 that fail are thrown after the others had their turn, so that the platform tries again', async () => {
    await using service = await hosted()
    await openRecorded(service, 'POSTED')
    const broken = { ...service.ports.table, get: async () => Promise.reject(new Error('down')) }
    let reads = 0
    const wiring: Wiring<PortName> = {
      ...wiringOf(service),
      table: () => ({
        ...broken,
        get: (key, signal) => (++reads === 1 ? broken.get() : service.table.get<never>(key, signal)),
      }),
    }
    const records = recorded(service, 'forwardUpload/ok.s3.json')['Records']
    vi.spyOn(process.stdout, 'write').mockReturnValueOnce(true)
    await expect(
      HANDLERS.entryOf('forwardUpload', wiring)({ Records: [records, records].flat() }, context(120_000)),
    ).rejects.toThrow('down')
    expect(service.materials()).toHaveLength(1)
  })

  it('of S3 that test the notification are ignored', async () => {
    await using service = await hosted()
    const event = recorded(service, 'forwardUpload/test.s3.json')
    expect(jobEvents(event)).toEqual([])
    expect(await handlerOf(service, 'forwardUpload')(event, context())).toBeNull()
  })

  it('of S3 about removals are ignored', async () => {
    await using service = await world()
    const text = JSON.stringify(recorded(service, 'forwardUpload/ok.s3.json'))
    expect(jobEvents(JSON.parse(text.replace('ObjectCreated:Post', 'ObjectRemoved:Delete')))).toEqual([])
  })

  it.each(recordedOf('schedule'))('%s is a schedule and runs', async path => {
    await using service = await hosted()
    const event = recorded(service, path)
    expect(jobEvents(event)).toEqual([{ trigger: 'schedule' }])
    await handlerOf(service, path.split('/')[0] ?? '')(event, context(55_000))
  })

  it.each(recordedOf('call'))('%s is a call with that payload and runs', async path => {
    await using service = await hosted()
    await openRecorded(service, 'POSTED')
    const payload = recorded(service, path)
    expect(jobEvents(payload)).toEqual([{ trigger: 'call', payload }])
    await handlerOf(service, path.split('/')[0] ?? '')(payload, context(120_000))
  })
})
