import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { completeUpload } from '../../functions/completeUpload.ts'
import { createArticle } from '../../functions/createArticle.ts'
import { createUpload } from '../../functions/createUpload.ts'
import { deleteMaterial } from '../../functions/deleteMaterial.ts'
import { getMaterial } from '../../functions/getMaterial.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { getUpload } from '../../functions/getUpload.ts'
import { healthz } from '../../functions/healthz.ts'
import { listMaterials } from '../../functions/listMaterials.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { renewUploadUrl } from '../../functions/renewUploadUrl.ts'
import { retryUpload } from '../../functions/retryUpload.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import { updateArticle } from '../../functions/updateArticle.ts'
import { uploadArticleImage } from '../../functions/uploadArticleImage.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import type { Job, Operation } from '../../shared/core/operation.ts'
import type { PortName, Wiring } from '../../shared/core/ports.ts'
import { HttpEvent, toRequest } from '../../shared/hosts/wxcloud/httpEvent.ts'
import { invoker, register } from '../../shared/hosts/wxcloud/invoker.ts'
import { type CloudFunction, serve, serveOpen } from '../../shared/hosts/wxcloud/serve.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { openRecorded, type Recorded, recorded, recordedOf, wiringOf } from '../support/hosting.ts'
import { withMedia } from '../support/library.ts'
import { ProblemShape } from '../support/problemShape.ts'
import { type World, world } from '../support/world.ts'

process.env['LOG_LEVEL'] = 'error'
afterEach(() => void vi.useRealTimers())

/** Serves with more than was declared: what was not declared must not be used. */
const served = <N extends PortName, P, Q, B, R>(
  what: Operation<N, P, Q, B, R> | Job<N>,
  wiring: Wiring<PortName>,
): CloudFunction => serve<N, P, Q, B, R>(what, wiring as Wiring<N | 'table'>)

const FUNCTIONS: Record<string, (wiring: Wiring<PortName>) => CloudFunction> = {
  uploadTemporaryMedia: wiring => served(uploadTemporaryMedia, wiring),
  uploadMaterial: wiring => served(uploadMaterial, wiring),
  createArticle: wiring => served(createArticle, wiring),
  deleteMaterial: wiring => served(deleteMaterial, wiring),
  getMaterial: wiring => served(getMaterial, wiring),
  getMaterialStats: wiring => served(getMaterialStats, wiring),
  getTemporaryMedia: wiring => served(getTemporaryMedia, wiring),
  listMaterials: wiring => served(listMaterials, wiring),
  updateArticle: wiring => served(updateArticle, wiring),
  uploadArticleImage: wiring => served(uploadArticleImage, wiring),
  createUpload: wiring => served(createUpload, wiring),
  getUpload: wiring => served(getUpload, wiring),
  listUploads: wiring => served(listUploads, wiring),
  renewUploadUrl: wiring => served(renewUploadUrl, wiring),
  completeUpload: wiring => served(completeUpload, wiring),
  retryUpload: wiring => served(retryUpload, wiring),
  sweepUploads: wiring => served(sweepUploads, wiring),
  refreshToken: wiring => served(refreshToken, wiring),
  healthz: wiring => serveOpen(healthz, wiring),
}
const isServed = (path: string): boolean => Object.hasOwn(FUNCTIONS, path.split('/')[0] ?? '')

const CONTEXT = {
  request_id: '0f4c2a3e-6a51-4e55-8d0f-0c8f4a1d2b3c',
  time_limit_in_ms: 20_000,
  memory_limit_in_mb: 256,
}

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

const functionOf = (service: World, id: string): CloudFunction => {
  const make = FUNCTIONS[id]
  if (!make) throw new Error(`no function ${id}`)
  return make(wiringOf(service))
}

async function http(service: World, path: string, change: (event: Recorded) => Recorded = event => event) {
  const event = change(recorded(service, path))
  const result = Result.parse(await functionOf(service, path.split('/')[0] ?? '')(event, CONTEXT))
  const json: unknown = JSON.parse(result.body)
  return { ...result, json }
}

describe('recorded events of the HTTP access service', () => {
  it.each(recordedOf('tcb').filter(path => isServed(path) && path.endsWith('/ok.tcb.json')))(
    '%s succeeds',
    async path => {
      await using service = await hosted()
      const before = path.startsWith('retry') ? 'PARKED' : path.startsWith('complete') ? 'POSTED' : 'CREATED'
      await openRecorded(service, before)
      const { statusCode, headers } = await http(service, path, await withMedia(service))
      expect([path, statusCode]).toEqual([path, path.startsWith('createUpload') ? 201 : 200])
      expect(headers['x-request-id']).toBe('5f0d1c2b-3a49-4857-8687-96a5b4c3d2e1')
      await service.settled()
    },
  )

  it.each([
    ['uploadTemporaryMedia/ok.tcb.json', fileBytes('jpg', 600, 11)],
    ['uploadMaterial/ok.tcb.json', fileBytes('mp4', 800, 12)],
  ])('%s keeps every byte, isBase64Encoded as text or not', async (path, bytes) => {
    await using service = await hosted()
    for (const isBase64Encoded of ['true', true]) {
      await http(service, path, event => ({ ...event, isBase64Encoded }))
      expect(service.control.ledger().at(-1)).toMatchObject({ sha256: sha256(bytes) })
    }
  })
})

describe('a request', () => {
  const event = (changes: Recorded): HttpEvent => HttpEvent.parse({ path: '/x', httpMethod: 'POST', ...changes })

  it('has exactly the bytes of a base64 body', async () => {
    const bytes = randomBytes(1_000)
    const request = toRequest(event({ body: bytes.toString('base64'), isBase64Encoded: 'true' }))
    expect(Buffer.from(await request.arrayBuffer())).toEqual(bytes)
  })

  it('has a text body as text when isBase64Encoded is "false"', async () => {
    expect(await toRequest(event({ body: '{"名":1}', isBase64Encoded: 'false' })).text()).toBe('{"名":1}')
  })

  it('keeps repeated query values and headers', () => {
    const request = toRequest(
      event({ queryStringParameters: { a: ['1', '2'], b: '日' }, headers: { 'X-A': ['p', 'q'] } }),
    )
    expect([...new URL(request.url).searchParams]).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', '日'],
    ])
    expect(request.headers.get('x-a')).toBe('p, q')
  })

  it('survives header values that are no Latin-1', () => {
    expect(toRequest(event({ headers: { 'x-name': '日落' } })).headers.has('x-name')).toBe(false)
  })
})

describe('a wrong address', () => {
  it('is 404 in the documented shape', async () => {
    await using service = await hosted()
    const { statusCode, json } = await http(service, 'healthz/ok.tcb.json', event => ({ ...event, path: '/other' }))
    expect(statusCode).toBe(404)
    expect(ProblemShape.parse(json).code).toBe('ROUTE_NOT_FOUND')
  })

  it('is 405 for another method: the access service passes every method on', async () => {
    await using service = await hosted()
    await openRecorded(service, 'POSTED')
    const { statusCode, json } = await http(service, 'completeUpload/ok.tcb.json', event => ({
      ...event,
      httpMethod: 'GET',
    }))
    expect(statusCode).toBe(405)
    expect(ProblemShape.parse(json).code).toBe('METHOD_NOT_ALLOWED')
    expect(service.calls('material/add_material')).toBe(0)
  })

  it('is 404 for an event that is no HTTP at all', async () => {
    await using service = await hosted()
    const result = Result.parse(await functionOf(service, 'healthz')({ Type: 'Timer' }, CONTEXT))
    expect(result.statusCode).toBe(404)
  })
})

describe('jobs', () => {
  it.each(['sweepUploads/timer.tcb.json', 'refreshToken/timer.tcb.json'])('%s runs on its timer', async path => {
    await using service = await hosted()
    await openRecorded(service, 'POSTED')
    const result = await functionOf(service, path.split('/')[0] ?? '')(recorded(service, path), CONTEXT)
    expect(result).toEqual(path.startsWith('sweep') ? { swept: 1 } : { renewed: 0 })
    await service.settled()
  })

  it('call each other by their ids', async () => {
    await using service = await hosted()
    functionOf(service, 'refreshToken')
    expect(await invoker().call('refreshToken', { app_id: 'wx0123456789abcdef' })).toEqual({ outcome: 'renewed' })
  })

  it('that are sent work do not keep the sender waiting, nor fail it', async () => {
    let done = false
    register('slowJob', async () => {
      await Promise.resolve()
      done = true
      throw new Error('later')
    })
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    await invoker().send('slowJob', {})
    await vi.waitFor(() => expect(write).toHaveBeenCalledOnce())
    expect(done).toBe(true)
    write.mockRestore()
  })

  it('that nobody registered cannot be called', async () => {
    await expect((async () => invoker().call('nobody', {}))()).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})

it('every function is exported as main of this host', async () => {
  for (const id of [...Object.keys(FUNCTIONS), 'forwardUpload']) {
    const module: Record<string, unknown> = await import(`../../functions/${id}.ts`)
    expect([id, typeof module['main']]).toEqual([id, 'function'])
  }
})
