import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { post } from '../../../shared/hosts/aws/post.ts'
import { type AwsCaller, awsCaller } from '../../../shared/stores/awsCaller.ts'
import { signedOpener } from '../../../shared/stores/signedOpener.ts'
import { signedTable } from '../../../shared/stores/signedTable.ts'
import { seededRandom } from '../../support/seededRandom.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A service that answers what `respond` says, one call after the other. */
async function serviceOf(respond: (request: IncomingMessage, response: ServerResponse, nth: number) => void) {
  const seen: { headers: IncomingMessage['headers']; url: string; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    seen.push({ headers: request.headers, url: request.url ?? '', body })
    respond(request, response, seen.length)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const pauses: number[] = []
  const clock = { now: () => Date.UTC(2026, 10, 23), sleep: async (ms: number) => void pauses.push(ms) }
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
  const endpoint = `http://127.0.0.1:${port}`
  const call = awsCaller({ service: 'x', region: 'r', endpoint, credentials, post, clock, random: seededRandom() })
  return { call, seen, pauses }
}

const json = (response: ServerResponse, status: number, value: unknown): void => {
  response.statusCode = status
  response.end(JSON.stringify(value))
}
const tableOf = (call: AwsCaller) => signedTable({ tableName: 'sucai', call: () => call, random: seededRandom() })
const ROW = { pk: 'A', sk: '行', schemaVersion: 1, data: { a: 1 } }

describe('a call', () => {
  it.each([
    ['a throttled answer', (r: ServerResponse) => json(r, 400, { __type: 'com.amazon#ThrottlingException' })],
    ['an answer of 500', (r: ServerResponse) => json(r, 500, {})],
    ['a connection that breaks', (r: ServerResponse) => r.destroy()],
  ])('is made again after %s, with a pause', async (_case, fail) => {
    const { call, seen, pauses } = await serviceOf((_, response, nth) =>
      nth < 3 ? fail(response) : json(response, 200, {}),
    )
    expect(await tableOf(call).get(ROW)).toBeUndefined()
    expect([seen.length, pauses.length]).toEqual([3, 2])
    for (const { headers } of seen) expect(headers.authorization).toContain('Signature=')
  })

  it('is given up after three attempts, in the words of the port', async () => {
    const { call, seen } = await serviceOf((_, response) => json(response, 503, {}))
    await expect(tableOf(call).get(ROW)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(seen).toHaveLength(3)
  })

  it('is made once when it is refused for good', async () => {
    const { call, seen } = await serviceOf((_, response) => json(response, 400, { __type: 'x#ValidationException' }))
    await expect(tableOf(call).get(ROW)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(seen).toHaveLength(1)
  })

  it('ends with its signal, and is not made again', async () => {
    const stop = new AbortController()
    const { call, seen } = await serviceOf(() => stop.abort())
    await expect(tableOf(call).get(ROW, stop.signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(seen).toHaveLength(1)
  })
})

describe('a write whose answer was lost', () => {
  it('recognises its own row when it is made again', async () => {
    let item: unknown
    const { call } = await serviceOf((_, response, nth) => {
      if (nth === 1) return response.destroy()
      json(response, 400, { __type: 'x#ConditionalCheckFailedException', Item: item })
    })
    const table = tableOf(async request => {
      item = 'Item' in request.input ? request.input.Item : undefined
      return call(request)
    })
    expect(await table.put(ROW, 0)).toMatchObject({ ok: true, row: { version: 1, data: { a: 1 } } })
  })
})

it('a secret is opened under its context', async () => {
  const { call, seen } = await serviceOf((_, response) =>
    json(response, 200, { Plaintext: 'eyJ0b2tlbiI6IuS7pOeJjCJ9' }),
  )
  expect(await signedOpener(() => call).open('c2VhbGVk', 'wx1/callback')).toBe('{"token":"令牌"}')
  expect(seen[0]?.headers['x-amz-target']).toBe('TrentService.Decrypt')
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    CiphertextBlob: 'c2VhbGVk',
    EncryptionContext: { app_id: 'wx1/callback' },
  })
  const refused = await serviceOf((_, response) => json(response, 400, { __type: 'InvalidCiphertextException' }))
  await expect(signedOpener(() => refused.call).open('x', 'wx1')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
})
