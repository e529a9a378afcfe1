import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { type SampleFile, sampleFiles } from '../../local/demo/sampleFiles.ts'
import { uploadFile } from '../../local/demo/uploadFile.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { runScript, type StackProcess, startStackProcess } from './stackProcess.ts'

const [image] = sampleFiles()
if (!image) throw new Error('there are no sample files')

let dataDir: string
const stacks: StackProcess[] = []

const start = async (environment: Record<string, string> = {}): Promise<StackProcess> => {
  const stack = await startStackProcess(dataDir, environment)
  stacks.push(stack)
  return stack
}

const Ledger = z.object({ ledger: z.array(z.object({ kind: z.string(), sha256: z.string().optional() })) })

const ledger = async (wechatUrl: string) =>
  Ledger.parse(await (await fetch(`${wechatUrl}/_control/ledger`)).json()).ledger

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sucai-test-'))
})

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.end('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

test('brings a file with a Chinese name through the object store into WeChat, byte for byte', async () => {
  const stack = await start()
  const upload = await uploadFile(stack, image, () => undefined)
  expect(upload).toMatchObject({ state: 'STORED', filename: image.filename })
  const sent = (await ledger(stack.wechatUrl)).filter(({ kind }) => kind === 'material/add_material')
  expect(sent.map(entry => entry.sha256)).toEqual([sha256(image.bytes)])
})

const MIB = 1024 * 1024

test.each<SampleFile>([
  { type: 'image', filename: '九兆大图.png', bytes: fileBytes('png', 9 * MIB), contentType: 'image/png' },
  {
    ...{ type: 'video', filename: '十兆长片.mp4', bytes: fileBytes('mp4', 10 * MIB), contentType: 'video/mp4' },
    ...{ title: '海边的“一天”', introduction: '日出，到日落。' },
  },
])('gives the $filename back through its down_url with the same SHA-256', async file => {
  const stack = await start()
  const { media_id: mediaId } = await uploadFile(stack, file, () => undefined)
  const answer = await fetch(`${stack.url}/wechat/material/${mediaId}?app_id=${stack.appId}&redirect=1`, {
    headers: { authorization: `Bearer ${stack.apiKey}` },
  })
  expect(answer.headers.get('content-type')).toBe(file.contentType)
  expect(answer.headers.get('content-length')).toBe(String(file.bytes.length))
  expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(file.bytes))
})

test('prints curl lines that work when pasted', async () => {
  const stack = await start()
  const lines = stack
    .output()
    .split('\n')
    .filter(line => /^ {2}(echo|curl)/.test(line))
  expect(lines).toHaveLength(4)
  const shell = spawnSync('bash', ['-e', '-c', lines.join('\n')], { cwd: dataDir, encoding: 'utf8' })
  const answers = shell.stdout.split('}{').length
  expect(shell.status).toBe(0)
  expect(answers).toBe(3)
  expect(shell.stdout).toMatch(/"media_id":"[\w-]{20,}"/)
})

test('keeps what it accepted across kill -9', async () => {
  const first = await start()
  const upload = await uploadFile(first, image, () => undefined)
  await first.end('SIGKILL')
  const second = await start()
  const answer = await fetch(`${second.url}/wechat/uploads/${upload.upload_id}?app_id=${second.appId}`, {
    headers: { 'x-api-key': first.apiKey },
  })
  expect(await answer.json()).toEqual({ data: upload })
})

test('serves a simulator that runs elsewhere', async () => {
  const elsewhere = await start()
  const otherDir = mkdtempSync(join(tmpdir(), 'sucai-test-'))
  const stack = await startStackProcess(otherDir, { WECHAT_API_BASE_URL: elsewhere.wechatUrl })
  stacks.push(stack)
  const upload = await uploadFile(stack, image, () => undefined)
  expect(upload.state).toBe('STORED')
  expect((await ledger(elsewhere.wechatUrl)).map(({ kind }) => kind)).toContain('material/add_material')
  await stack.end('SIGTERM')
  rmSync(otherDir, { recursive: true, force: true })
})

test.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s', async signal => {
  const stack = await start()
  await uploadFile(stack, image, () => undefined)
  expect(await stack.end(signal)).toBe(0)
})

test('says which port is taken and how to choose another', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { code, output } = await runScript('local/start.ts', { PORT: '0', S3_PORT: String(port), DATA_DIR: dataDir })
  other.close()
  expect(code).toBe(1)
  expect(output).toContain(`port ${port} is taken: set S3_PORT`)
})

test('says that another stack uses the data', async () => {
  await start()
  const { code, output } = await runScript('local/start.ts', { PORT: '0', DATA_DIR: dataDir })
  expect(code).toBe(1)
  expect(output).toContain('another process uses')
})

test.each([
  [{ PORT: 'http' }, 'PORT'],
  [{ WECHAT_ACCOUNTS: '[{"app_id":"wx1","secret":"CNRY-not-to-be-shown"}]' }, 'app_id'],
  [{ WECHAT_ACCOUNTS: '[{"secret":"CNRY-not-to-be-shown' }, 'well-formed'],
])('names the malformed setting of %o without showing it', async (environment, named) => {
  const { code, output } = await runScript('local/start.ts', { DATA_DIR: dataDir, ...environment })
  expect(code).toBe(1)
  expect(output).toContain(named)
  expect(output).not.toContain('CNRY')
})

test('tells a caller of an unknown path and of a body above the gateway limit in the documented shape', async () => {
  const stack = await start()
  const unknown = await fetch(`${stack.url}/wechat/nothing`)
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({ code: 'ROUTE_NOT_FOUND', status_code: 404 })
  const odd = await fetch(`${stack.url}//?x`)
  expect([odd.status, await odd.json()]).toEqual([404, expect.objectContaining({ code: 'ROUTE_NOT_FOUND' })])
  const gbk = Buffer.from('{"type":"image","filename":"\xc8\xd5.png","size":1}', 'latin1')
  const headers = { 'x-api-key': stack.apiKey, 'content-type': 'application/json' }
  const uploads = `${stack.url}/wechat/uploads?app_id=${stack.appId}`
  const mangled = await fetch(uploads, { method: 'POST', headers, body: gbk })
  expect([mangled.status, await mangled.json()]).toEqual([400, expect.objectContaining({ code: 'INVALID_JSON' })])
  const form = new FormData()
  form.append('media', new Blob([new Uint8Array(7 * 1024 * 1024)]), 'big.png')
  const large = await fetch(`${stack.url}/wechat/image/material?app_id=${stack.appId}`, { method: 'POST', body: form })
  expect(large.status).toBe(413)
  expect(await large.json()).toMatchObject({ message: expect.stringContaining('POST /wechat/uploads') })
})

test('the demo stores all its files on a stack of its own', async () => {
  const { code, output } = await runScript('local/demo.ts', { DATA_DIR: dataDir })
  expect(output.match(/STORED$/gm)).toHaveLength(4)
  expect(code).toBe(0)
})

test('fires a schedule by hand', async () => {
  await start()
  const { code, output } = await runScript('local/tick.ts', { DATA_DIR: dataDir }, ['sweepUploads'])
  expect([code, output]).toEqual([0, 'sweepUploads: {"swept":0}\n'])
})

test('a fan’s image comes in encrypted, is listed once however often it is delivered, and is there byte for byte', async () => {
  const stack = await start()
  const path = fileURLToPath(new URL('../../examples/海边.png', import.meta.url))
  const { code, output } = await runScript('local/fan.ts', { DATA_DIR: dataDir }, ['image', path, '--times', '3'])
  expect(output.match(/200 success/g)).toHaveLength(3)
  expect(code).toBe(0)
  const mediaId = /media_id (\S+)/.exec(output)?.[1] ?? ''
  const headers = { authorization: `Bearer ${stack.apiKey}` }
  const answer = await fetch(`${stack.url}/wechat/material/${mediaId}/temporary?app_id=${stack.appId}&redirect=1`, {
    headers,
  })
  expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(image.bytes))
})

test('a fan without a stack is told so', async () => {
  const { code, output } = await runScript('local/fan.ts', { DATA_DIR: dataDir }, ['text', '你好'])
  expect([code, output]).toEqual([1, 'no stack is running on this DATA_DIR\n'])
})
