import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startObjectServer } from '../../local/s3/startObjectServer.ts'
import {
  TEST_BUCKET,
  TEST_CREDENTIALS,
  type TestObjectServer,
  testBytes,
  testClient,
  testObjectServer,
} from '../support/objectServer.ts'
import { virtualClock } from '../support/virtualClock.ts'

let server: TestObjectServer
beforeEach(async () => {
  server = await testObjectServer()
})
afterEach(() => server.close())

const put = (url: string, body: Buffer, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'PUT', body: new Uint8Array(body), headers })
const codeOf = async (response: Response) => /<Code>(.*?)</.exec(await response.text())?.[1]
const presigned = (expiresIn: number, signableHeaders: string[] = [], length?: number) =>
  getSignedUrl(
    server.client,
    new PutObjectCommand({
      Bucket: TEST_BUCKET,
      Key: '图/a b.png',
      ContentType: 'image/png',
      ...(length !== undefined && { ContentLength: length }),
    }),
    { expiresIn, signableHeaders: new Set(['host', ...signableHeaders]) },
  )

test('refuses a wrong secret and an unknown key', async () => {
  for (const [credentials, name] of [
    [{ ...TEST_CREDENTIALS, secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
    [{ ...TEST_CREDENTIALS, accessKeyId: 'OTHER' }, 'InvalidAccessKeyId'],
  ] as const) {
    const client = testClient(server.url, credentials)
    await expect(
      client.send(new PutObjectCommand({ Bucket: TEST_BUCKET, Key: 'x', Body: testBytes(3) })),
    ).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 403 } })
    client.destroy()
  }
})

test('refuses requests without a signature', async () => {
  expect((await fetch(`${server.url}/${TEST_BUCKET}/x`)).status).toBe(403)
  const written = await put(`${server.url}/${TEST_BUCKET}/x`, testBytes(10))
  expect([written.status, await codeOf(written)]).toEqual([403, 'AccessDenied'])
})

test('refuses a request dated more than 15 minutes away', async () => {
  const url = await presigned(3600)
  await server.clock.advance(16 * 60_000)
  // A presigned URL lives by its own expiry, a header signature by the skew.
  expect((await put(url, testBytes(3))).status).toBe(200)
  const codes: string[] = []
  server.client.middlewareStack.add(
    next => async args => {
      const result = await next(args).catch((error: Error) => {
        codes.push(error.name)
        throw error
      })
      return result
    },
    { step: 'deserialize', priority: 'high' },
  )
  // The SDK corrects its clock by the answer's Date and succeeds at the second attempt.
  await server.client.send(new HeadObjectCommand({ Bucket: TEST_BUCKET, Key: '图/a b.png' }))
  expect(codes).toHaveLength(1)
})

test('takes a presigned upload until it expires, not after', async () => {
  const url = await presigned(60)
  expect((await put(url, testBytes(10), { 'content-type': 'image/png' })).status).toBe(200)
  await server.clock.advance(59_000)
  expect((await put(url, testBytes(10))).status).toBe(200)
  await server.clock.advance(2_000)
  const late = await put(url, testBytes(10))
  expect([late.status, await codeOf(late)]).toEqual([403, 'AccessDenied'])
})

test('enforces the headers that a URL signs', async () => {
  const typed = await presigned(60, ['content-type'])
  expect((await put(typed, testBytes(3), { 'content-type': 'text/html' })).status).toBe(403)
  expect((await put(typed, testBytes(3), { 'content-type': 'image/png' })).status).toBe(200)
  const sized = await presigned(60, ['content-length'], 3)
  expect((await put(sized, testBytes(4))).status).toBe(403)
  expect((await put(sized, testBytes(3))).status).toBe(200)
})

test('refuses an x-amz header that a URL does not sign', async () => {
  const response = await put(await presigned(60), testBytes(3), { 'x-amz-meta-evil': '1' })
  expect([response.status, await codeOf(response)]).toEqual([403, 'AccessDenied'])
})

test('refuses a URL whose parameter was changed or added', async () => {
  const url = await getSignedUrl(server.client, new GetObjectCommand({ Bucket: TEST_BUCKET, Key: 'x' }), {
    expiresIn: 60,
  })
  for (const changed of [url.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000'), `${url}&a=1`, `${url}&uploads=`]) {
    expect(await codeOf(await fetch(changed))).toBe('SignatureDoesNotMatch')
  }
  expect(await codeOf(await fetch(url))).toBe('NoSuchKey')
})

/** Sends the 66,560 bytes of AWS's examples (1,024 of them as `letter`) and tells the status. */
async function sendExample(example: {
  headers: Record<string, string>
  chunkSignatures: [string, string, string]
  trailer: string
  letter: string
}): Promise<number | undefined> {
  const dataDir = await mkdtemp(join(tmpdir(), 's3-example-'))
  const running = await startObjectServer({
    port: 0,
    dataDir,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    region: 'us-east-1',
    clock: virtualClock(Date.UTC(2013, 4, 24)),
    buckets: ['examplebucket'],
  })
  const pieces = ['a'.repeat(65536), example.letter.repeat(1024), '']
  const chunks = pieces.map(
    (piece, index) =>
      `${piece.length.toString(16)};chunk-signature=${example.chunkSignatures[index]}\r\n${piece}${piece && '\r\n'}`,
  )
  const body = `${chunks.join('')}${example.trailer}\r\n`
  const headers = {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'content-length': String(body.length),
    ...example.headers,
  }
  try {
    return await new Promise((resolve, reject) => {
      const sent = request(
        { port: running.port, host: '127.0.0.1', method: 'PUT', path: '/examplebucket/chunkObject.txt', headers },
        response => response.resume().on('end', () => resolve(response.statusCode)),
      )
      sent.on('error', reject).end(body)
    })
  } finally {
    await running.close()
    await rm(dataDir, { recursive: true })
  }
}

test('accepts the signed chunks of the example in the AWS documentation, and no other byte', async () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
  const example = {
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    },
    chunkSignatures: [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ] satisfies [string, string, string],
  }
  expect(await sendExample({ ...example, trailer: '', letter: 'b' })).toBe(403)
  expect(await sendExample({ ...example, trailer: '', letter: 'a' })).toBe(200)
})

test('accepts the signed trailer of the example in the AWS documentation, and no other', async () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
  const trailer = (checksum: string, signature: string) =>
    `x-amz-checksum-crc32c:${checksum}\r\nx-amz-trailer-signature:${signature}\r\n`
  const signature = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435'
  const example = {
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'x-amz-trailer': 'x-amz-checksum-crc32c',
    },
    chunkSignatures: [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ] satisfies [string, string, string],
    letter: 'a',
  }
  expect(await sendExample({ ...example, trailer: trailer('sOO8/Q==', signature) })).toBe(200)
  expect(await sendExample({ ...example, trailer: trailer('AAAAAA==', signature) })).toBe(403)
  expect(await sendExample({ ...example, trailer: trailer('sOO8/Q==', signature.replace('d', 'e')) })).toBe(403)
  expect(await sendExample({ ...example, trailer: '' })).toBe(403)
})

test('refuses a POST policy signed for another region', async () => {
  const policy = Buffer.from(
    JSON.stringify({ expiration: '2099-01-01T00:00:00Z', conditions: [['starts-with', '$key', '']] }),
  ).toString('base64')
  const credential = `${TEST_CREDENTIALS.accessKeyId}/20260101/us-west-9/s3/aws4_request`
  const key = ['20260101', 'us-west-9', 's3', 'aws4_request'].reduce(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${TEST_CREDENTIALS.secretAccessKey}`),
  )
  const form = new FormData()
  form.append('key', 'x')
  form.append('policy', policy)
  form.append('x-amz-algorithm', 'AWS4-HMAC-SHA256')
  form.append('x-amz-credential', credential)
  form.append('x-amz-signature', createHmac('sha256', key).update(policy).digest('hex'))
  form.append('file', new Blob(['x']), 'x')
  const response = await fetch(`${server.url}/${TEST_BUCKET}`, { method: 'POST', body: form })
  expect([response.status, await codeOf(response)]).toEqual([400, 'InvalidArgument'])
})

test('makes buckets only for those who sign', async () => {
  expect((await fetch(`${server.url}/free-bucket`, { method: 'PUT' })).status).toBe(403)
  await server.client.send(new CreateBucketCommand({ Bucket: 'free-bucket' }))
  await expect(server.client.send(new CreateBucketCommand({ Bucket: 'Not_A_Bucket' }))).rejects.toMatchObject({
    name: 'InvalidBucketName',
  })
})
