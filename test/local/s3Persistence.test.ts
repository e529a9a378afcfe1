import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  TEST_BUCKET,
  TEST_CREDENTIALS,
  TEST_REGION,
  type TestObjectServer,
  testBytes,
  testClient,
  testObjectServer,
} from '../support/objectServer.ts'

const KEY = 'in/公众号/封面.jpg'
const Bucket = TEST_BUCKET

let server: TestObjectServer
beforeEach(async () => {
  server = await testObjectServer()
})
afterEach(() => server.close())

const bytesOf = async (Key: string, client = server.client) => {
  const found = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Buffer.from((await found.Body?.transformToByteArray()) ?? [])
}

test('keeps objects, their facts and configurations over a restart', async () => {
  const Metadata = { 'upload-id': '01' }
  await server.client.send(
    new PutObjectCommand({ Bucket, Key: KEY, Body: testBytes(70_000), ContentType: 'image/jpeg', Metadata }),
  )
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: testBytes(1) }))
  await server.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
  const rule = { AllowedMethods: ['POST'], AllowedOrigins: ['https://console.example'] }
  await server.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }))
  const before = await server.client.send(new HeadObjectCommand({ Bucket, Key: KEY }))
  await server.restart()
  const after = await server.client.send(new HeadObjectCommand({ Bucket, Key: KEY }))
  expect(after).toMatchObject({
    ETag: before.ETag,
    LastModified: before.LastModified,
    ContentType: 'image/jpeg',
    Metadata,
  })
  expect((await bytesOf(KEY)).equals(testBytes(70_000))).toBe(true)
  const list = await server.client.send(new ListObjectsV2Command({ Bucket }))
  expect(list.Contents?.map(object => object.Key)).toEqual([KEY])
  const cors = await server.client.send(new GetBucketCorsCommand({ Bucket }))
  expect(cors.CORSRules).toEqual([rule])
})

test('clears what a killed process left half written, and nothing else', async () => {
  await server.client.send(new PutObjectCommand({ Bucket, Key: KEY, Body: testBytes(10) }))
  const root = join(server.dataDir, 'buckets', Bucket)
  const [body] = await readdir(join(root, 'bodies'))
  await server.restart(async () => {
    await writeFile(join(server.dataDir, 'tmp', 'half-written'), testBytes(1000))
    await writeFile(join(root, 'bodies', `${'0'.repeat(64)}-1`), testBytes(1000))
    await writeFile(join(root, 'objects', `${'1'.repeat(64)}.json`), '{"key":"torn')
    const unnamed = { key: 'unnamed', file: 'missing', size: 1, etag: 'e', lastModified: 1, sequence: 1 }
    const facts = { contentType: 'x/y', headers: {}, metadata: {}, tags: [] }
    await writeFile(join(root, 'objects', `${'2'.repeat(64)}.json`), JSON.stringify({ ...unnamed, ...facts }))
  })
  expect(await readdir(join(server.dataDir, 'tmp'))).toEqual([])
  expect(await readdir(join(root, 'bodies'))).toEqual([body])
  const list = await server.client.send(new ListObjectsV2Command({ Bucket }))
  expect(list.Contents?.map(object => object.Key)).toEqual([KEY])
  expect(await bytesOf(KEY)).toEqual(testBytes(10))
})

test('goes on with a multipart upload after a restart', async () => {
  const Key = '视频.mp4'
  const upload = await server.client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'video/mp4', Metadata: { a: '1' } }),
  )
  const { UploadId } = upload
  const first = testBytes(5 * 1024 * 1024)
  const part = async (PartNumber: number, Body: Buffer) => {
    const { ETag } = await server.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
    return { PartNumber, ETag }
  }
  const one = await part(1, first)
  await server.restart()
  const two = await part(2, testBytes(100, 1))
  await server.client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [one, two] } }),
  )
  expect((await bytesOf(Key)).equals(Buffer.concat([first, testBytes(100, 1)]))).toBe(true)
  const head = await server.client.send(new HeadObjectCommand({ Bucket, Key }))
  expect(head).toMatchObject({ ContentType: 'video/mp4', Metadata: { a: '1' } })
  expect(head.ETag).toMatch(/-2"$/)
  expect(await readdir(join(server.dataDir, 'buckets', Bucket, 'uploads'))).toEqual([])
})

test('lets sequencers grow over restarts, deletions and a clock that stands still', async () => {
  const sequencers: string[] = []
  for (let round = 0; round < 4; round++) {
    await server.client.send(new PutObjectCommand({ Bucket, Key: KEY, Body: testBytes(round) }))
    sequencers.push(server.events.at(-1)?.s3.object.sequencer ?? '')
    if (round === 1) await server.client.send(new DeleteObjectCommand({ Bucket, Key: KEY }))
    if (round > 0) await server.restart()
  }
  expect(sequencers).toEqual([...new Set(sequencers)].sort())
  expect(new Set(sequencers.map(sequencer => sequencer.length)).size).toBe(1)
})

test('has every acknowledged object whole after kill -9, and no half one', async () => {
  const script = `
    import { startObjectServer } from ${JSON.stringify(new URL('../../local/s3/startObjectServer.ts', import.meta.url).href)}
    const clock = { now: () => Date.now(), sleep: async () => undefined }
    const server = await startObjectServer(${JSON.stringify({
      port: 0,
      dataDir: join(server.dataDir, 'killed'),
      credentials: TEST_CREDENTIALS,
      region: TEST_REGION,
      buckets: [Bucket],
    }).replace(/}$/, ', clock }')})
    console.log(server.url)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const [line] = await once(child.stdout, 'data')
  const client = testClient(String(line).trim())
  const acknowledged = new Map<string, Buffer>()
  let running = true
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let round = 0; running; round++) {
      const Key = `k/${writer}/${round % 5}`
      const Body = testBytes(40_000 + round, writer)
      const done = await client.send(new PutObjectCommand({ Bucket, Key, Body })).then(
        () => true,
        () => false,
      )
      if (!done) return
      acknowledged.set(Key, Body)
      if (acknowledged.size >= 20 && running) {
        running = false
        child.kill('SIGKILL')
      }
    }
  })
  await Promise.all(writers)
  await closed
  client.destroy()
  const reopened = await testObjectServer({ dataDir: join(server.dataDir, 'killed') })
  try {
    for (const [Key, body] of acknowledged) {
      const found = await bytesOf(Key, reopened.client)
      const writer = Number(Key.split('/')[1])
      // A write that was not acknowledged any more may have come to pass, but only whole.
      expect(found.equals(body) || found.equals(testBytes(found.length, writer))).toBe(true)
      expect(found.length).toBeGreaterThanOrEqual(body.length)
    }
    const list = await reopened.client.send(new ListObjectsV2Command({ Bucket }))
    const bodies = await readdir(join(server.dataDir, 'killed', 'buckets', Bucket, 'bodies'))
    expect(bodies).toHaveLength(list.KeyCount ?? 0)
  } finally {
    await reopened.close()
  }
})
