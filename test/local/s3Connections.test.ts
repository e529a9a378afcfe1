import { readdir } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startObjectServer } from '../../local/s3/startObjectServer.ts'
import {
  TEST_BUCKET,
  TEST_CREDENTIALS,
  TEST_REGION,
  type TestObjectServer,
  testBytes,
  testObjectServer,
} from '../support/objectServer.ts'

let server: TestObjectServer
beforeEach(async () => {
  server = await testObjectServer()
})
afterEach(() => server.close())

const temporaryFiles = () => readdir(join(server.dataDir, 'tmp'))
const missing = async (Key: string) =>
  expect(server.client.send(new HeadObjectCommand({ Bucket: TEST_BUCKET, Key }))).rejects.toMatchObject({
    name: 'NotFound',
  })
const signedPut = (Key: string) =>
  getSignedUrl(server.client, new PutObjectCommand({ Bucket: TEST_BUCKET, Key }), { expiresIn: 600 })

/** Everything the server sends until it closes; rejects on a reset. */
const received = (socket: Socket) =>
  new Promise<string>((resolve, reject) => {
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })

test.each([
  ['a wrong signature', async () => (await signedPut('x')).replace(/Signature=.{8}/, 'Signature=00000000')],
  ['a bucket that does not exist', async () => (await signedPut('x')).replace(TEST_BUCKET, 'other-bucket')],
])('answers %s whole although 8 MB come first', async (_, url) => {
  const { pathname, search } = new URL(await url())
  const socket = connect(server.port, '127.0.0.1')
  const answer = received(socket)
  const bytes = testBytes(8_000_000)
  socket.write(
    `PUT ${pathname}${search} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  )
  socket.write(bytes)
  expect(await answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*<Code>SignatureDoesNotMatch</)
})

test('answers a form that is far too large whole', async () => {
  const { url, fields } = await createPresignedPost(server.client, {
    Bucket: TEST_BUCKET,
    Key: 'x',
    Conditions: [['content-length-range', 1, 10]],
  })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(8_000_000)]), '大.bin')
  const response = await fetch(url, { method: 'POST', body: form })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('<Code>EntityTooLarge</Code>')
  expect(await temporaryFiles()).toEqual([])
})

test('leaves neither object nor file when the client goes away half way', async () => {
  const { pathname, search } = new URL(await signedPut('half'))
  const socket = connect(server.port, '127.0.0.1')
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 1000000\r\n\r\n`)
  socket.write(testBytes(600_000))
  await vi.waitFor(async () => expect(await temporaryFiles()).toHaveLength(1))
  socket.destroy()
  await vi.waitFor(async () => expect(await temporaryFiles()).toEqual([]))
  await missing('half')
  expect(server.events).toEqual([])
})

test('leaves neither object nor file when the client goes away in the middle of a form', async () => {
  const { fields } = await createPresignedPost(server.client, { Bucket: TEST_BUCKET, Key: 'half' })
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const socket = connect(server.port, '127.0.0.1')
  socket.write(
    `POST /${TEST_BUCKET} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n`,
  )
  socket.write(`${parts.join('')}--b\r\nContent-Disposition: form-data; name="file"; filename="图.png"\r\n\r\n`)
  socket.write(testBytes(500_000))
  await vi.waitFor(async () => expect(await temporaryFiles()).toHaveLength(1))
  socket.destroy()
  await vi.waitFor(async () => expect(await temporaryFiles()).toEqual([]))
  await missing('half')
})

test('leaves neither object nor file when a form ends half way', async () => {
  const { url, fields } = await createPresignedPost(server.client, { Bucket: TEST_BUCKET, Key: 'half' })
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = `${parts.join('')}--b\r\nContent-Disposition: form-data; name="file"; filename="图.png"\r\n\r\n`
  const send = (body: Buffer) =>
    fetch(url, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
  for (const body of [
    Buffer.concat([Buffer.from(head), testBytes(300_000)]),
    Buffer.from('--b\r\n'),
    Buffer.alloc(0),
  ]) {
    const response = await send(body)
    expect(response.status).toBe(400)
    expect(await response.text()).toMatch(/<Code>(MalformedPOSTRequest|InvalidArgument)</)
  }
  await missing('half')
  expect(await temporaryFiles()).toEqual([])
  const whole = Buffer.concat([Buffer.from(head), testBytes(300), Buffer.from('\r\n--b--\r\n')])
  expect((await send(whole)).status).toBe(204)
})

test('rejects with EADDRINUSE and leaves the running server’s files alone', async () => {
  const { pathname, search } = new URL(await signedPut('running'))
  const body = testBytes(400_000)
  const agent = new Agent()
  const upload = request({
    agent,
    port: server.port,
    host: '127.0.0.1',
    method: 'PUT',
    path: pathname + search,
    headers: { 'content-length': body.length },
  })
  const status = new Promise<number | undefined>((resolve, reject) => {
    upload.on('response', response => response.resume().on('end', () => resolve(response.statusCode)))
    upload.on('error', reject)
  })
  upload.write(body.subarray(0, 300_000))
  await vi.waitFor(async () => expect(await temporaryFiles()).toHaveLength(1))
  await expect(
    startObjectServer({
      port: server.port,
      dataDir: server.dataDir,
      credentials: TEST_CREDENTIALS,
      region: TEST_REGION,
      clock: server.clock,
    }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' })
  upload.end(body.subarray(300_000))
  expect(await status).toBe(200)
  agent.destroy()
})

test('closes idle connections at once', async () => {
  const socket = connect(server.port, '127.0.0.1')
  const answers = received(socket)
  socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`)
  await new Promise(resolve => socket.once('data', resolve))
  await server.restart()
  expect(await answers).toContain('HTTP/1.1 403')
})

test.each(['..%2f..%2f..%2fetc%2fpasswd', '%2e%2e/%2e%2e/evil', 'a/../../../evil', '/etc/evil', 'nul%00l'])(
  'keeps the key %s inside its bucket',
  async raw => {
    const key = decodeURIComponent(raw)
    await server.client.send(new PutObjectCommand({ Bucket: TEST_BUCKET, Key: key, Body: testBytes(9) }))
    const root = join(server.dataDir, 'buckets', TEST_BUCKET)
    expect(await readdir(join(root, 'bodies'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}-[0-9a-f]+$/)])
    expect(await readdir(join(root, 'objects'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)])
    expect((await readdir(server.dataDir)).sort()).toEqual(['buckets', 'sequence', 'tmp'])
  },
)
