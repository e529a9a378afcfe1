/** What the adapters of CloudBase promise beyond the contracts that all stores share, over a real socket and the real SDK. */
import { createServer, type RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { CloudBaseOptions } from '../../local/cloudbase/startCloudBase.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { cloudBase } from '../../shared/stores/cloudBase.ts'
import { cloudInvoker } from '../../shared/stores/cloudInvoker.ts'
import { cloudObjects } from '../../shared/stores/cloudObjects.ts'
import { cloudSigner } from '../../shared/stores/cloudSigner.ts'
import { cloudTable } from '../../shared/stores/cloudTable.ts'
import { TEST_COLLECTION, TEST_ENV, type TestCloudBase, testCloudBase } from '../support/cloudBase.ts'
import { testBytes } from '../support/objectServer.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { virtualClock } from '../support/virtualClock.ts'

const KEY = 'in/wx0123456789abcdef/封 面+1.png'
const GRANT = { key: KEY, contentType: 'image/png', minSize: 10, maxSize: 10, expiresIn: 900 }
const ROW = { pk: 'UPL#wx', sk: 'a', schemaVersion: 1, data: { 名: '封面' } }

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const closable of opened.splice(0)) await closable.close()
})

async function standIn(overrides: Partial<CloudBaseOptions> = {}): Promise<TestCloudBase> {
  const server = await testCloudBase(overrides)
  opened.push(server)
  return server
}

const tableOf = ({ client }: Pick<TestCloudBase, 'client'>) =>
  cloudTable({ collection: TEST_COLLECTION, client, random: seededRandom() })

/** Puts `bytes` as a client does. */
async function put(target: { url: string; headers?: Record<string, string> }, bytes: Buffer): Promise<number> {
  const { status } = await fetch(target.url, {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: target.headers ?? {},
  })
  return status
}

async function putTarget(server: TestCloudBase) {
  const target = await cloudSigner(server).uploadTarget(GRANT)
  if (target.method !== 'PUT') throw new Error('a PUT was expected')
  return target
}

describe('a signed upload', () => {
  it('takes the bytes for its key, and names the path for wx.cloud.uploadFile', async () => {
    const server = await standIn()
    const target = await putTarget(server)
    expect(await put(target, testBytes(10))).toBe(200)
    expect(decodeURIComponent(target.headers['key'] ?? '')).toBe(KEY)
    expect(await cloudObjects(server).head(KEY)).toMatchObject({ size: 10, contentType: 'image/png', metadata: {} })
  })

  it('takes none for another key, without its signature, or too late', async () => {
    const server = await standIn()
    const { url, headers } = await putTarget(server)
    const { authorization: _, ...unsigned } = headers
    expect(await put({ url: url.replace('1.png', '2.png'), headers }, testBytes(10))).toBe(403)
    expect(await put({ url, headers: unsigned }, testBytes(10))).toBe(403)
    await server.clock.advance(901_000)
    expect(await put({ url, headers }, testBytes(10))).toBe(403)
    expect(await cloudObjects(server).head(KEY)).toBeUndefined()
  })

  it('of a client that names no type says so', async () => {
    const server = await standIn()
    const { url, headers } = await putTarget(server)
    await put({ url, headers: { ...headers, 'content-type': 'binary/octet-stream' } }, testBytes(10))
    expect((await cloudObjects(server).head(KEY))?.contentType).toBe('application/octet-stream')
  })
})

describe('a signed download', () => {
  it('gives the bytes as a file to save, for a limited time', async () => {
    const server = await standIn()
    await cloudObjects(server).write(KEY, testBytes(300), { contentType: 'image/png' })
    const url = await cloudSigner(server).downloadUrl(KEY, { expiresIn: 60 })
    const answer = await fetch(url)
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(answer.headers.get('content-disposition')).toBe('attachment')
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(testBytes(300))
    expect((await fetch(url.replace('png?', 'jpg?'))).status).toBe(403)
    await server.clock.advance(61_000)
    expect((await fetch(url)).status).toBe(403)
  })

  it('of a file that is gone is OBJECT_MISSING', async () => {
    const server = await standIn()
    await expect(cloudSigner(server).downloadUrl(KEY, { expiresIn: 60 })).rejects.toMatchObject({
      code: 'OBJECT_MISSING',
    })
  })
})

describe('rows and files', () => {
  it('are there again after a restart', async () => {
    const server = await standIn()
    await tableOf(server).put(ROW, 0)
    await tableOf(server).put({ ...ROW, data: { 名: '海边' } }, 1)
    await tableOf(server).put({ ...ROW, sk: 'b' }, 0)
    await tableOf(server).remove({ ...ROW, sk: 'b' }, 1)
    await cloudObjects(server).write(KEY, testBytes(70), { contentType: 'image/png' })
    await server.restart()
    const { items } = await tableOf(server).list(ROW.pk, { limit: 10 })
    expect(items).toEqual([{ ...ROW, data: { 名: '海边' }, version: 2 }])
    expect(await cloudObjects(server).head(KEY)).toMatchObject({ size: 70 })
  })
})

describe('a table', () => {
  it('recognises its own write when the answer was lost', async () => {
    const server = await standIn()
    let lose = true
    const through = await proxy((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', async () => {
        const body = Buffer.concat(chunks).toString()
        const headers = { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' }
        const answer = await fetch(`${server.url}${request.url}`, { method: 'POST', body, headers })
        if (lose && body.includes('database.insertDocument')) {
          lose = false
          response.destroy()
        } else response.setHeader('content-type', 'application/json').end(await answer.text())
      })
    })
    expect(await tableOf({ client: through }).put(ROW, 0)).toEqual({ ok: true, row: { ...ROW, version: 1 } })
    expect(lose).toBe(false)
  })

  it('without its collection says INTERNAL with the cause', async () => {
    const server = await standIn({ collections: [] })
    await expect(tableOf(server).put(ROW, 0)).rejects.toMatchObject({
      code: 'INTERNAL',
      cause: { code: 'DATABASE_COLLECTION_NOT_EXIST' },
    })
  })

  it.each<[string, RequestListener]>([
    ['answers 503', (_, response) => response.writeHead(503).end()],
    ['answers a page of a proxy', (_, response) => response.end('<html>')],
    ['hangs up', (_, response) => response.destroy()],
    ['throttles', (_, response) => response.end('{"code":"EXCEED_REQUEST_LIMIT","message":"too many"}')],
  ])('says STORE_UNAVAILABLE when the database %s', async (_, listener) => {
    const client = await proxy(listener)
    await expect(tableOf({ client }).get(ROW)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryAfter: 5 })
    await expect(tableOf({ client }).put(ROW, 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(cloudObjects({ client }).head(KEY)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe('an invoker', () => {
  it('calls a function by its id and gets its result', async () => {
    const server = await standIn({ invoke: async (name, event) => ({ name, event }) })
    const invoker = cloudInvoker({ client: server.client, clock: systemClock })
    expect(await invoker.call('refreshToken', { app_id: '微' })).toEqual({
      name: 'refreshToken',
      event: { app_id: '微' },
    })
  })

  it('says INTERNAL for a function that fails', async () => {
    const server = await standIn({ invoke: async () => Promise.reject(new Error('boom')) })
    const invoker = cloudInvoker({ client: server.client, clock: systemClock })
    await expect(invoker.call('x', {})).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(invoker.send('x', {})).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('does not wait for the end of what it sent', async () => {
    const run = Promise.withResolvers<unknown>()
    const started = Promise.withResolvers<void>()
    const clock = virtualClock()
    const invoke = async () => {
      started.resolve()
      return run.promise
    }
    const server = await standIn({ invoke })
    const sent = cloudInvoker({ client: server.client, clock }).send('x', {})
    await started.promise
    await clock.advance(400)
    await sent
    run.resolve({})
  })
})

/** A client of a server that answers with `listener`. */
async function proxy(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  opened.push({
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  })
  return cloudBase({ env: TEST_ENV, serviceUrl: `http://127.0.0.1:${port}/admin` })
}
