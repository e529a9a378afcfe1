import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awsChunked } from '../../local/s3/awsChunked.ts'
import { CHECKSUM_ALGORITHMS, startChecksum } from '../../local/s3/checksums.ts'
import {
  TEST_BUCKET,
  TEST_CREDENTIALS,
  TEST_REGION,
  type TestObjectServer,
  testBytes,
  testClient,
  testObjectServer,
} from '../support/objectServer.ts'

let server: TestObjectServer
let checking: S3Client
beforeAll(async () => {
  server = await testObjectServer()
  checking = new S3Client({
    endpoint: server.url,
    forcePathStyle: true,
    region: TEST_REGION,
    credentials: TEST_CREDENTIALS,
    maxAttempts: 1,
  })
})
afterAll(async () => {
  checking.destroy()
  await server.close()
})

const missing = async (Key: string) =>
  expect(checking.send(new HeadObjectCommand({ Bucket: TEST_BUCKET, Key }))).rejects.toMatchObject({ name: 'NotFound' })

test.each([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('computes %s of the check string in any pieces', (algorithm, hex) => {
  const running = startChecksum(algorithm)
  for (const piece of ['1234', '', '56789']) running.update(Buffer.from(piece))
  expect(running.digest().toString('hex')).toBe(hex)
})

test.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)('takes and returns a %s trailer', async algorithm => {
  const bytes = testBytes(200_000)
  const Key = `trailer/${algorithm}`
  await checking.send(
    new PutObjectCommand({
      Bucket: TEST_BUCKET,
      Key,
      Body: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
      ContentLength: bytes.length,
      ChecksumAlgorithm: algorithm,
    }),
  )
  const found = await checking.send(new GetObjectCommand({ Bucket: TEST_BUCKET, Key, ChecksumMode: 'ENABLED' }))
  expect(Buffer.from((await found.Body?.transformToByteArray()) ?? [])).toEqual(bytes)
  expect(found[`Checksum${algorithm}`]).toMatch(/=$/)
  expect(found.ContentEncoding).toBeUndefined()
})

test('refuses a body that a checksum, MD5 or SHA-256 contradicts, and stores nothing', async () => {
  const send = (Key: string, extra: object) =>
    checking.send(new PutObjectCommand({ Bucket: TEST_BUCKET, Key, Body: testBytes(100), ...extra }))
  await expect(send('bad', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' })
  await expect(send('bad', { ChecksumSHA256: `${'A'.repeat(43)}=` })).rejects.toMatchObject({ name: 'BadDigest' })
  await expect(send('bad', { ContentMD5: `${'A'.repeat(22)}==` })).rejects.toMatchObject({ name: 'BadDigest' })
  await expect(send('bad', { ContentMD5: 'AAAA' })).rejects.toMatchObject({ name: 'InvalidDigest' })
  await missing('bad')
  const ContentMD5 = createHash('md5').update(testBytes(100)).digest('base64')
  await send('good', { ContentMD5 })
})

test('refuses bytes that changed on their way under a signed SHA-256', async () => {
  const url = await getSignedUrl(
    server.client,
    new PutObjectCommand({ Bucket: TEST_BUCKET, Key: 'signed-body', ChecksumSHA256: sha256(testBytes(100)) }),
    { expiresIn: 60, unhoistableHeaders: new Set(['x-amz-checksum-sha256']) },
  )
  const put = (bytes: Buffer) =>
    fetch(url, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'x-amz-checksum-sha256': sha256(testBytes(100)) },
    })
  expect((await put(testBytes(100, 1))).status).toBe(400)
  await missing('signed-body')
  expect((await put(testBytes(100))).status).toBe(200)
})

test('refuses other bytes than those whose SHA-256 the header signs', async () => {
  const client = testClient(server.url)
  client.middlewareStack.add(
    next => args => {
      Object.assign(args.request as object, { body: testBytes(100, 1) })
      return next(args)
    },
    { step: 'deserialize' },
  )
  const sent = client.send(new PutObjectCommand({ Bucket: TEST_BUCKET, Key: 'swapped', Body: testBytes(100) }))
  await expect(sent).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' })
  await missing('swapped')
  client.destroy()
})

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64')

const decode = async (text: string, cut: number, trailers = new Map<string, string>()) => {
  const bytes = Buffer.from(text, 'latin1')
  const source = Readable.from(
    Array.from({ length: Math.ceil(bytes.length / cut) }, (_, index) => bytes.subarray(index * cut, (index + 1) * cut)),
  )
  const decoded: Buffer[] = []
  for await (const part of awsChunked(source, {
    trailers: true,
    onTrailers: received => {
      for (const [name, value] of received) trailers.set(name, value)
    },
  })) {
    decoded.push(part)
  }
  return Buffer.concat(decoded).toString('latin1')
}

test('decodes aws-chunked bodies however they are cut', async () => {
  const text = '5\r\n\x80\r\n\xff0\r\n3\r\nabc\r\n0\r\nX-Amz-Checksum-CRC32: AAAA==\r\n\r\n'
  for (const cut of [1, 2, 3, 7, 1000]) {
    const trailers = new Map<string, string>()
    expect(await decode(text, cut, trailers)).toBe('\x80\r\n\xff0abc')
    expect([...trailers]).toEqual([['x-amz-checksum-crc32', 'AAAA==']])
  }
})

test.each(['', '5\r\nabc', '3\r\nabcX\r\n0\r\n\r\n', '3\r\nabc\r\n', 'zz\r\n', '-1\r\n', `${'1'.repeat(5000)}`])(
  'refuses the damaged aws-chunked body %j',
  async text => {
    await expect(decode(text, 4)).rejects.toMatchObject({ code: 'IncompleteBody' })
  },
)

test('knows five algorithms', () => {
  expect(CHECKSUM_ALGORITHMS).toHaveLength(5)
})
