import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { HttpEvent, toRequest } from '../../shared/hosts/wxcloud/httpEvent.ts'
import { CONTEXT, FUNCTIONS, functionOf, hosted } from '../support/cloudFunctions.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { openRecorded, type Recorded, recorded, successesOf } from '../support/hosting.ts'
import { withMedia } from '../support/library.ts'
import { ProblemShape } from '../support/problemShape.ts'
import type { World } from '../support/world.ts'

process.env['LOG_LEVEL'] = 'error'
afterEach(() => void vi.useRealTimers())

const Result = z.strictObject({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  isBase64Encoded: z.boolean(),
})

async function http(service: World, path: string, change: (event: Recorded) => Recorded = event => event) {
  const event = change(recorded(service, path))
  const result = Result.parse(await functionOf(service, path.split('/')[0] ?? '')(event, CONTEXT))
  const json: unknown = JSON.parse(result.body)
  return { ...result, json }
}

describe('recorded events of the HTTP access service', () => {
  it.each(successesOf('tcb'))('%s succeeds', async (path, { status = 200 }) => {
    await using service = await hosted()
    const before = path.startsWith('retry') ? 'PARKED' : path.startsWith('complete') ? 'POSTED' : 'CREATED'
    await openRecorded(service, before)
    const { statusCode, headers } = await http(service, path, await withMedia(service))
    expect([path, statusCode]).toEqual([path, status])
    expect(headers['x-request-id']).toBe('5f0d1c2b-3a49-4857-8687-96a5b4c3d2e1')
    await service.settled()
  })

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

  it('may have null for whatever it does not carry', async () => {
    const nothing = {
      headers: null,
      queryStringParameters: null,
      body: null,
      isBase64Encoded: null,
      requestContext: null,
    }
    expect(await toRequest(event(nothing)).text()).toBe('')
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
})

describe('jobs', () => {
  it.each(['sweepUploads/timer.tcb.json', 'refreshToken/timer.tcb.json'])('%s runs on its timer', async path => {
    await using service = await hosted()
    await openRecorded(service, 'POSTED')
    const result = await functionOf(service, path.split('/')[0] ?? '')(recorded(service, path), CONTEXT)
    expect(result).toEqual(path.startsWith('sweep') ? { swept: 1 } : { renewed: 0 })
    await service.settled()
  })
})

it('every function is exported as main of this host', async () => {
  for (const id of FUNCTIONS.ids) {
    const module: Record<string, unknown> = await import(`../../functions/${id}.ts`)
    expect([id, typeof module['main']]).toEqual([id, 'function'])
  }
})
