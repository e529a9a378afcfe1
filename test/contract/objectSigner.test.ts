import { afterEach, beforeEach, expect, test } from 'vitest'
import type { UploadGrant } from '../../shared/ports/objectStore.ts'
import { memorySigner } from '../../shared/stores/memorySigner.ts'
import { s3Objects } from '../../shared/stores/s3Objects.ts'
import { s3Signer } from '../../shared/stores/s3Signer.ts'
import {
  TEST_BUCKET,
  TEST_CREDENTIALS,
  TEST_REGION,
  type TestObjectServer,
  testBytes,
  testObjectServer,
} from '../support/objectServer.ts'

const GRANT: UploadGrant = {
  key: 'in/wx0123456789abcdef/封 面+1.png',
  contentType: 'image/png',
  minSize: 10,
  maxSize: 1000,
  expiresIn: 600,
}

let server: TestObjectServer
beforeEach(async () => {
  server = await testObjectServer()
})
afterEach(() => server.close())

const clock = { now: () => Date.now() }
const signer = () =>
  s3Signer({ bucket: TEST_BUCKET, region: TEST_REGION, credentials: TEST_CREDENTIALS, endpoint: server.url, clock })
const store = () => s3Objects({ bucket: TEST_BUCKET, client: () => server.client })

/** Posts `bytes` as a browser does, with `changes` made to the signed fields. */
async function post(bytes: Buffer, changes: Record<string, string> = {}, advanceMs = 0) {
  const target = await signer().uploadTarget(GRANT)
  if (target.method !== 'POST') throw new Error('a POST was expected')
  await server.clock.advance(advanceMs)
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...target.fields, ...changes })) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), '封面.png')
  const response = await fetch(target.url, { method: 'POST', body: form })
  const text = await response.text()
  return { status: response.status, code: /<Code>(.*?)</.exec(text)?.[1], message: /<Message>(.*?)</.exec(text)?.[1] }
}

test.each([10, 1000])('takes the granted upload of %i bytes, the bounds included', async size => {
  expect((await post(testBytes(size))).status).toBe(204)
  expect(await store().head(GRANT.key)).toMatchObject({ size, contentType: 'image/png' })
  const opened = await store().read(GRANT.key)
  expect(Buffer.concat(await (opened?.body.toArray() ?? []))).toEqual(testBytes(size))
})

test.each<[string, Buffer, Record<string, string>, number, string]>([
  ['one byte too many', testBytes(1001), {}, 400, 'EntityTooLarge'],
  ['one byte too few', testBytes(9), {}, 400, 'EntityTooSmall'],
  ['another type', testBytes(100), { 'Content-Type': 'text/html' }, 403, 'AccessDenied'],
  ['another key', testBytes(100), { key: 'in/evil.png' }, 403, 'AccessDenied'],
  ['a field that was not signed', testBytes(100), { 'x-amz-meta-evil': '1' }, 403, 'AccessDenied'],
  ['another signature', testBytes(100), { 'X-Amz-Signature': '0'.repeat(64) }, 403, 'SignatureDoesNotMatch'],
])('refuses %s and stores nothing', async (_, bytes, changes, status, code) => {
  expect(await post(bytes, changes)).toMatchObject({ status, code })
  expect(await store().head(GRANT.key)).toBeUndefined()
  expect(await store().head('in/evil.png')).toBeUndefined()
  expect(server.events).toEqual([])
})

test('refuses a grant that has expired', async () => {
  expect(await post(testBytes(100), {}, 601_000)).toMatchObject({
    status: 403,
    code: 'AccessDenied',
    message: 'Invalid according to Policy: Policy expired.',
  })
})

test('signs downloads that answer with the granted type and disposition', async () => {
  await store().write(GRANT.key, testBytes(300), { contentType: 'text/html' })
  const contentDisposition = "attachment; filename*=UTF-8''%E5%B0%81%E9%9D%A2.png"
  const url = await signer().downloadUrl(GRANT.key, { expiresIn: 60, contentType: 'image/png', contentDisposition })
  expect(url).not.toContain('x-amz-checksum')
  const response = await fetch(url)
  expect(response.headers.get('content-type')).toBe('image/png')
  expect(response.headers.get('content-disposition')).toBe(contentDisposition)
  expect(Buffer.from(await response.arrayBuffer())).toEqual(testBytes(300))
})

test('signs downloads of one object for a limited time', async () => {
  await store().write(GRANT.key, testBytes(3), { contentType: 'image/png' })
  const url = await signer().downloadUrl(GRANT.key, { expiresIn: 60 })
  expect((await fetch(url.replace(encodeURIComponent('封'), encodeURIComponent('信')))).status).toBe(403)
  expect((await fetch(`${url}&response-content-type=text%2Fhtml`)).status).toBe(403)
  expect((await fetch(url)).status).toBe(200)
  await server.clock.advance(61_000)
  const expired = await fetch(url)
  expect(expired.status).toBe(403)
  expect(await expired.text()).toContain('Request has expired')
})

test('writes every condition of a grant into memory addresses', async () => {
  const target = await memorySigner().uploadTarget(GRANT)
  expect(target).toEqual({
    method: 'POST',
    url: 'memory://objects/?minSize=10&maxSize=1000&expiresIn=600',
    fields: { key: GRANT.key, 'Content-Type': 'image/png' },
  })
  const url = new URL(await memorySigner().downloadUrl(GRANT.key, { expiresIn: 60, contentType: 'image/png' }))
  expect(decodeURIComponent(url.pathname)).toBe(`/${GRANT.key}`)
  expect(Object.fromEntries(url.searchParams)).toEqual({ expiresIn: '60', 'response-content-type': 'image/png' })
})
