import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TEST_BUCKET as Bucket, type TestObjectServer, testBytes, testObjectServer } from '../support/objectServer.ts'

const KEY = 'in/公众号/封 面+1.jpg'

let server: TestObjectServer
beforeEach(async () => {
  server = await testObjectServer({ corsOrigins: ['https://console.example'] })
})
afterEach(() => server.close())

const put = (Key: string, Body = testBytes(10), extra: object = {}) =>
  server.client.send(new PutObjectCommand({ Bucket, Key, Body, ...extra }))
const get = (Key: string, extra: object = {}) => server.client.send(new GetObjectCommand({ Bucket, Key, ...extra }))
const head = (Key: string) => server.client.send(new HeadObjectCommand({ Bucket, Key }))
const bytesOf = async (found: Awaited<ReturnType<typeof get>>) =>
  Buffer.from((await found.Body?.transformToByteArray()) ?? [])

test('tells of each new object in the shape of AWS', async () => {
  await put(KEY, testBytes(300))
  await server.client.send(
    new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${encodeURIComponent(KEY)}` }),
  )
  const { UploadId } = await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))
  const part = { Bucket, Key: 'parts', UploadId, PartNumber: 1 }
  const { ETag } = await server.client.send(new UploadPartCommand({ ...part, Body: testBytes(7) }))
  await server.client.send(
    new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
  )
  const { url, fields } = await createPresignedPost(server.client, { Bucket, Key: 'posted' })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(testBytes(5))]), 'x')
  expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204)

  expect(server.events.map(event => [event.eventName, event.s3.object.key, event.s3.object.size])).toEqual([
    ['ObjectCreated:Put', 'in/%E5%85%AC%E4%BC%97%E5%8F%B7/%E5%B0%81+%E9%9D%A2%2B1.jpg', 300],
    ['ObjectCreated:Copy', 'copy', 300],
    ['ObjectCreated:CompleteMultipartUpload', 'parts', 7],
    ['ObjectCreated:Post', 'posted', 5],
  ])
  expect(server.events[0]).toMatchObject({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: new Date(server.clock.now()).toISOString(),
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: Bucket, arn: `arn:aws:s3:::${Bucket}` },
      object: { eTag: (await head(KEY)).ETag?.replaceAll('"', ''), sequencer: expect.stringMatching(/^[0-9A-F]{18}$/) },
    },
  })
})

test('numbers the events of one key in the order in which its objects replaced each other', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, index) => put(KEY, testBytes(index))))
  const ordered = server.events.map(event => event.s3.object)
  expect(ordered.map(object => object.sequencer)).toEqual(ordered.map(object => object.sequencer).toSorted())
  expect(new Set(ordered.map(object => object.sequencer)).size).toBe(10)
  expect((await head(KEY)).ETag).toBe(`"${ordered.at(-1)?.eTag}"`)
  expect(await readdir(join(server.dataDir, 'buckets', Bucket, 'bodies'))).toHaveLength(1)
})

test('stores an object although the listener for events throws', async () => {
  const failing = await testObjectServer({
    onEvent: () => {
      throw new Error('listener')
    },
  })
  const { error } = console
  const logged: unknown[] = []
  console.error = (...line) => logged.push(line)
  try {
    await failing.client.send(new PutObjectCommand({ Bucket, Key: KEY, Body: testBytes(1) }))
    expect(logged).toHaveLength(1)
  } finally {
    console.error = error
    await failing.close()
  }
})

test('lets one of many conditional creations win', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, (_, index) => put(KEY, testBytes(100, index), { IfNoneMatch: '*' })),
  )
  const lost = outcomes.filter(outcome => outcome.status === 'rejected').map(outcome => outcome.reason.name)
  expect(lost).toEqual(Array(7).fill('PreconditionFailed'))
  expect(server.events).toHaveLength(1)
  await expect(put(KEY, testBytes(1), { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await put(KEY, testBytes(1), { IfMatch: (await head(KEY)).ETag })
  await expect(put('missing', testBytes(1), { IfMatch: '"x"' })).rejects.toMatchObject({ name: 'NoSuchKey' })
})

test('reads under conditions', async () => {
  const { ETag } = await put(KEY)
  const { LastModified } = await head(KEY)
  const status = (extra: object) =>
    get(KEY, extra).then(
      found => found.$metadata.httpStatusCode,
      error => error.$metadata.httpStatusCode,
    )
  const earlier = new Date((LastModified?.getTime() ?? 0) - 1000)
  expect(await status({ IfMatch: ETag })).toBe(200)
  expect(await status({ IfMatch: '"other", "another"' })).toBe(412)
  expect(await status({ IfNoneMatch: `W/${ETag}` })).toBe(304)
  expect(await status({ IfNoneMatch: '"other"' })).toBe(200)
  expect(await status({ IfModifiedSince: LastModified })).toBe(304)
  expect(await status({ IfModifiedSince: earlier })).toBe(200)
  expect(await status({ IfUnmodifiedSince: earlier })).toBe(412)
  expect(await status({ IfMatch: ETag, IfUnmodifiedSince: earlier })).toBe(200)
})

test.each([
  ['bytes=0-0', 0, 1, 206],
  ['bytes=999-', 999, 1000, 206],
  ['bytes=-3', 997, 1000, 206],
  ['bytes=990-5000', 990, 1000, 206],
  ['bytes=-5000', 0, 1000, 206],
  ['bytes=5-2', 0, 1000, 200],
  ['bytes=0-1,3-4', 0, 1000, 200],
  ['lines=1-2', 0, 1000, 200],
])('answers the range %s', async (Range, start, end, status) => {
  await put(KEY, testBytes(1000))
  const found = await get(KEY, { Range })
  expect(found.$metadata.httpStatusCode).toBe(status)
  expect(found.ContentRange).toBe(status === 206 ? `bytes ${start}-${end - 1}/1000` : undefined)
  expect(await bytesOf(found)).toEqual(testBytes(1000).subarray(start, end))
})

test('refuses a range behind the end', async () => {
  await put(KEY, testBytes(1000))
  await expect(get(KEY, { Range: 'bytes=1000-' })).rejects.toMatchObject({
    name: 'InvalidRange',
    $metadata: { httpStatusCode: 416 },
  })
})

test('lists Chinese keys in UTF-8 order, page by page, with and without groups', async () => {
  const keys = ['a/1', 'a/2', 'b', '中/一', '中/二', '\uff01', '🐼/a', '🐼/b']
  for (const key of keys.toReversed()) await put(key)
  const walk = async (extra: object) => {
    const seen: (string | undefined)[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await server.client.send(new ListObjectsV2Command({ Bucket, ContinuationToken, ...extra }))
      const groups = (page.CommonPrefixes ?? []).map(group => group.Prefix)
      const objects = (page.Contents ?? []).map(object => object.Key)
      expect(page.KeyCount).toBe(groups.length + objects.length)
      seen.push(...objects, ...groups)
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken)
    return seen
  }
  expect(await walk({})).toEqual(keys)
  expect(await walk({ MaxKeys: 1 })).toEqual(keys)
  expect(await walk({ MaxKeys: 3, Prefix: '中/' })).toEqual(['中/一', '中/二'])
  expect(await walk({ MaxKeys: 1, Delimiter: '/' })).toEqual(['a/', 'b', '中/', '\uff01', '🐼/'])
  expect(await walk({ StartAfter: 'b', Prefix: '中' })).toEqual(['中/一', '中/二'])
  expect(await walk({ StartAfter: '🐼/a' })).toEqual(['🐼/b'])
  expect(await walk({ StartAfter: 'z', Prefix: 'a' })).toEqual([])
  const encoded = await server.client.send(
    new ListObjectsV2Command({ Bucket, EncodingType: 'url', Prefix: '中/', MaxKeys: 1 }),
  )
  expect(encoded.Contents?.[0]?.Key).toBe('%E4%B8%AD/%E4%B8%80')
})

test('goes on behind an object that is called like its prefix', async () => {
  for (const key of ['a/', 'a/b', 'a/c']) await put(key)
  const query = { Bucket, Prefix: 'a/', Delimiter: '/', MaxKeys: 1 }
  const first = await server.client.send(new ListObjectsV2Command(query))
  const second = await server.client.send(
    new ListObjectsV2Command({ ...query, ContinuationToken: first.NextContinuationToken }),
  )
  expect([first.Contents?.[0]?.Key, second.Contents?.[0]?.Key]).toEqual(['a/', 'a/b'])
})

test('copies with the old facts or with new ones', async () => {
  await put(KEY, testBytes(100), { ContentType: 'image/jpeg', Metadata: { a: '1' }, Tagging: 'x=1' })
  const CopySource = `/${Bucket}/${encodeURIComponent(KEY)}`
  const copy = (Key: string, extra: object = {}) =>
    server.client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...extra }))
  await copy('same')
  expect(await head('same')).toMatchObject({ ContentType: 'image/jpeg', Metadata: { a: '1' }, TagCount: 1 })
  await copy('new', { MetadataDirective: 'REPLACE', ContentType: 'image/png' })
  expect(await head('new')).toMatchObject({ ContentType: 'image/png', Metadata: {} })
  await expect(copy(KEY)).rejects.toMatchObject({ name: 'InvalidRequest' })
  await expect(copy('no', { CopySourceIfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await put(KEY, testBytes(5))
  expect(await bytesOf(await get('same'))).toEqual(testBytes(100))
})

test('deletes many, keeps tags, and answers metadata beyond ASCII as RFC 2047 words', async () => {
  await put(KEY, testBytes(1))
  const Tagging = { TagSet: [{ Key: '用途', Value: 'a&b <c>' }] }
  await server.client.send(new PutObjectTaggingCommand({ Bucket, Key: KEY, Tagging }))
  expect((await head(KEY)).TagCount).toBe(1)
  const { url, fields } = await createPresignedPost(server.client, {
    Bucket,
    Key: 'posted',
    Fields: { 'x-amz-meta-name': '封面' },
  })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob(['x']), 'x')
  await fetch(url, { method: 'POST', body: form })
  expect((await head('posted')).Metadata).toEqual({ name: `=?UTF-8?B?${Buffer.from('封面').toString('base64')}?=` })
  const deleted = await server.client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: KEY }, { Key: '没有' }, { Key: 'posted' }] } }),
  )
  expect(deleted.Deleted?.map(object => object.Key)).toEqual([KEY, '没有', 'posted'])
  expect((await server.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0)
})

test('refuses parts that are unknown, out of order or too small, and forgets aborted uploads', async () => {
  const { UploadId } = await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key: KEY }))
  const upload = { Bucket, Key: KEY, UploadId }
  const parts = []
  for (const PartNumber of [1, 2]) {
    const { ETag } = await server.client.send(new UploadPartCommand({ ...upload, PartNumber, Body: testBytes(100) }))
    parts.push({ PartNumber, ETag })
  }
  const complete = (Parts: object[]) =>
    server.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
  await expect(complete([{ PartNumber: 1, ETag: '"other"' }])).rejects.toMatchObject({ name: 'InvalidPart' })
  await expect(complete(parts.toReversed())).rejects.toMatchObject({ name: 'InvalidPartOrder' })
  await expect(complete(parts)).rejects.toMatchObject({ name: 'EntityTooSmall' })
  await server.client.send(new AbortMultipartUploadCommand(upload))
  await expect(complete(parts)).rejects.toMatchObject({ name: 'NoSuchUpload' })
  await expect(head(KEY)).rejects.toMatchObject({ name: 'NotFound' })
})

test('answers preflights by the configured rules, else by those of the start', async () => {
  const preflight = async (origin: string, method = 'POST') => {
    const response = await fetch(`${server.url}/${Bucket}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'X-Any' },
    })
    return [response.status, response.headers.get('access-control-allow-origin')]
  }
  expect(await preflight('https://console.example')).toEqual([200, 'https://console.example'])
  expect(await preflight('https://console.example', 'DELETE')).toEqual([403, null])
  expect(await preflight('https://evil.example')).toEqual([403, null])
  const rule = { AllowedMethods: ['POST'], AllowedOrigins: ['https://*.example.org'], AllowedHeaders: ['x-*'] }
  await server.client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }))
  expect(await preflight('https://a.example.org')).toEqual([200, 'https://a.example.org'])
  expect(await preflight('https://console.example')).toEqual([403, null])
  const refused = await fetch(`${server.url}/${Bucket}`, {
    method: 'POST',
    headers: { origin: 'https://a.example.org' },
  })
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, 'https://a.example.org'])
})
