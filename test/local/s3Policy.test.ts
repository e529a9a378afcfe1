import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readXml, writeXml } from '../../local/s3/xml.ts'
import { TEST_BUCKET as Bucket, type TestObjectServer, testBytes, testObjectServer } from '../support/objectServer.ts'

let server: TestObjectServer
beforeEach(async () => {
  server = await testObjectServer()
})
afterEach(() => server.close())

/** Posts a file under a policy; `changes` are made to the fields after signing. */
async function post(
  policy: Omit<PresignedPostOptions, 'Bucket'>,
  { changes = {}, filename = '图 片.png' }: { changes?: Record<string, string>; filename?: string } = {},
) {
  const { url, fields } = await createPresignedPost(server.client, { Bucket, ...policy })
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...fields, ...changes })) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(testBytes(100))], { type: 'image/png' }), filename)
  const response = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
  const text = await response.text()
  return { status: response.status, text, code: /<Code>(.*?)</.exec(text)?.[1], headers: response.headers }
}

test('puts the file’s own name, without folders, where the key says so', async () => {
  const Key = 'in/$' + '{filename}'
  expect((await post({ Key }, { filename: 'C:\\Bilder/图 片.png' })).status).toBe(204)
  expect(server.events[0]?.s3.object.key).toBe('in/%E5%9B%BE+%E7%89%87.png')
})

test('lets no file name lead out of the granted prefix', async () => {
  expect((await post({ Key: 'in/$' + '{filename}' }, { changes: { key: '$' + '{filename}' } })).code).toBe(
    'AccessDenied',
  )
})

test('enforces starts-with on each member of a content type list', async () => {
  const Conditions: PresignedPostOptions['Conditions'] = [['starts-with', '$Content-Type', 'image/']]
  const with_ = (type: string) => post({ Key: 'x', Conditions }, { changes: { 'Content-Type': type } })
  expect((await with_('image/png')).status).toBe(204)
  expect((await with_('image/png,text/html')).code).toBe('AccessDenied')
  expect((await with_('text/html')).code).toBe('AccessDenied')
  expect((await post({ Key: 'x', Conditions })).code).toBe('AccessDenied')
})

test('refuses a policy whose bucket is another one', async () => {
  const { fields } = await createPresignedPost(server.client, { Bucket: 'other-bucket', Key: 'x' })
  expect((await post({ Key: 'x' }, { changes: { ...fields } })).code).toBe('AccessDenied')
})

test('refuses a policy that was changed after signing, or is none', async () => {
  const loose = Buffer.from(JSON.stringify({ expiration: '2099-01-01T00:00:00Z', conditions: [] })).toString('base64')
  expect((await post({ Key: 'x' }, { changes: { Policy: loose } })).code).toBe('SignatureDoesNotMatch')
  const form = new FormData()
  form.append('key', 'x')
  form.append('file', new Blob(['x']), 'x')
  expect((await fetch(`${server.url}/${Bucket}`, { method: 'POST', body: form })).status).toBe(403)
  expect(server.events).toEqual([])
})

test.each([
  ['200', 200],
  ['201', 201],
  ['204', 204],
  ['500', 204],
])('answers success_action_status %s with %i', async (wanted, status) => {
  const answer = await post({ Key: '图', Fields: { success_action_status: wanted } })
  expect(answer.status).toBe(status)
  if (status === 201) expect(answer.text).toContain(`<Bucket>${Bucket}</Bucket><Key>图</Key><ETag>`)
})

test('redirects with bucket, key and etag', async () => {
  const answer = await post({ Key: '图', Fields: { success_action_redirect: 'https://console.example/done?a=1' } })
  const location = new URL(answer.headers.get('location') ?? '')
  expect(answer.status).toBe(303)
  expect(Object.fromEntries(location.searchParams)).toEqual({
    a: '1',
    bucket: Bucket,
    key: '图',
    etag: `"${server.events[0]?.s3.object.eTag}"`,
  })
})

test('takes exactly one file', async () => {
  const { url, fields } = await createPresignedPost(server.client, { Bucket, Key: 'x' })
  for (const files of [0, 2]) {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    for (let file = 0; file < files; file++) form.append('file', new Blob([new Uint8Array(testBytes(9))]), 'x')
    const response = await fetch(url, { method: 'POST', body: form })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('exactly one file')])
  }
  expect(await readdir(join(server.dataDir, 'tmp'))).toEqual([])
  expect(server.events).toEqual([])
})

test('ignores fields behind the file', async () => {
  const { url, fields } = await createPresignedPost(server.client, { Bucket, Key: 'x' })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob(['x']), 'x')
  form.append('x-amz-meta-late', '1')
  form.append('success_action_status', '201')
  expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204)
})

test.each([
  ['Content-Type', 'image/png\r\nx: y'],
  ['x-amz-meta-名', '1'],
])('refuses the field %s that could not be answered as a header', async (field, value) => {
  expect((await post({ Key: 'x', Fields: { [field]: value } })).code).toBe('InvalidArgument')
})

test('verifies a checksum field', async () => {
  const send = (value: string) => post({ Key: 'x', Fields: { 'x-amz-checksum-crc32': value } })
  expect((await send('AAAAAA==')).code).toBe('BadDigest')
  expect(server.events).toEqual([])
})

test('reads back the XML that it writes, and refuses what is not well-formed', () => {
  const text = '封面 <&>"\' \u0001\r\n'
  const root = readXml(writeXml('A', { B: [{ C: text }, { C: 1 }], D: undefined, E: '' }))
  expect(root.children.map(child => child.children[0]?.text)).toEqual([text, '1', undefined])
  expect(readXml('<a:A xmlns:a="http://x/"><B/><![CDATA[<]]><!-- no -->&#x5c01;</a:A>')).toMatchObject({
    name: 'A',
    text: '<封',
  })
  const deep = '<a>'.repeat(20) + '</a>'.repeat(20)
  for (const bad of ['', 'x', '<a>', '<a></b>', '<a/><b/>', '<!DOCTYPE a><a/>', '<a>&b;</a>', '<a>&</a>', deep]) {
    expect(() => readXml(bad), bad).toThrow('not well-formed')
  }
})
