import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { cloudObjects } from '../../shared/stores/cloudObjects.ts'
import { memoryObjects } from '../../shared/stores/memoryObjects.ts'
import { s3Objects } from '../../shared/stores/s3Objects.ts'
import { testCloudBase } from '../support/cloudBase.ts'
import { TEST_BUCKET, testBytes, testClient, testObjectServer } from '../support/objectServer.ts'
import { objectStoreContract } from './objectStore.ts'

objectStoreContract('memory', async () => ({ store: memoryObjects(), close: async () => undefined }))

objectStoreContract('S3 on the embedded server', async () => {
  const server = await testObjectServer()
  return { store: s3Objects({ bucket: TEST_BUCKET, client: () => server.client }), close: () => server.close() }
})

objectStoreContract('CloudBase storage on the stand-in', async () => {
  const server = await testCloudBase()
  return { store: cloudObjects({ client: server.client }), close: () => server.close() }
})

const opened: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

/** A store whose server answers with `listener`. */
async function storeAgainst(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = testClient(`http://127.0.0.1:${port}`)
  const close = () =>
    new Promise<void>(resolve => {
      client.destroy()
      server.close(() => resolve())
      server.closeAllConnections()
    })
  opened.push(close)
  return { store: s3Objects({ bucket: TEST_BUCKET, client: () => client }), close }
}

test('says STORE_UNAVAILABLE with the cause when nobody listens', async () => {
  const { store, close } = await storeAgainst(() => undefined)
  await close()
  const failure = await store.head('x').catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { code: 'ECONNREFUSED' } })
})

test('says STORE_UNAVAILABLE when the store answers 503', async () => {
  const { store } = await storeAgainst((_, response) => response.writeHead(503).end())
  await expect(store.read('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test('says STORE_UNAVAILABLE for a bucket that does not exist', async () => {
  const server = await testObjectServer()
  opened.push(() => server.close())
  const store = s3Objects({ bucket: 'no-such-bucket', client: () => server.client })
  await expect(store.read('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test('says INTERNAL, with the cause only for the log, when the keys are wrong', async () => {
  const server = await testObjectServer()
  const client = testClient(server.url, { accessKeyId: 'AKTEST', secretAccessKey: 'wrong' })
  opened.push(
    async () => client.destroy(),
    () => server.close(),
  )
  const store = s3Objects({ bucket: TEST_BUCKET, client: () => client })
  await expect(store.write('x', testBytes(1), { contentType: 'image/png' })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'Something went wrong inside the service.',
    cause: { name: 'SignatureDoesNotMatch' },
  })
})

test('fails the opened body with STORE_UNAVAILABLE when the connection breaks', async () => {
  const { store } = await storeAgainst((_, response) => {
    response.writeHead(200, { 'content-length': '100', etag: '"e"' })
    response.write(testBytes(50), () => response.destroy())
  })
  const object = await store.read('x')
  await expect(object?.body.toArray()).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    cause: { code: 'ECONNRESET' },
  })
})

test('closes the connection of an object that nobody reads', async () => {
  const closed = Promise.withResolvers<void>()
  const { store } = await storeAgainst((_, response) => {
    response.on('close', closed.resolve)
    response.writeHead(200, { 'content-length': '100', etag: '"e"' }).write(testBytes(50))
  })
  const object = await store.read('x')
  object?.body.destroy()
  await closed.promise
})

test('sends a stream of known size as it is, not as aws-chunked', async () => {
  const seen: Record<string, unknown>[] = []
  const { store } = await storeAgainst((request, response) => {
    seen.push(request.headers)
    request.resume().on('end', () => response.writeHead(200, { etag: '"e"' }).end())
  })
  await store.write('x', Readable.from([testBytes(5), testBytes(5)]), { contentType: 'image/png', size: 10 })
  expect(seen[0]).toMatchObject({ 'content-length': '10', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })
  expect(seen[0]).not.toHaveProperty('content-encoding')
  expect(Object.keys(seen[0] ?? {}).filter(header => header.includes('checksum'))).toEqual([])
})
