/** Uploads on the running stack, through sockets, the SDK and the embedded servers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { CreateUploadAnswer, UploadAnswer } from '../../shared/core/schemas/upload.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { runScript, type StackProcess, startStackProcess } from './stackProcess.ts'

const Ledger = z.object({ ledger: z.array(z.object({ kind: z.string(), media_id: z.string().optional() })) })
const SWEEPS = 60

let dataDir: string
let stack: StackProcess

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'sucai-test-'))
  stack = await startStackProcess(dataDir)
})

afterEach(async () => {
  await stack.end('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

const ask = async (path: string, query = '', body?: unknown): Promise<unknown> => {
  const answer = await fetch(`${stack.url}/wechat/${path}?app_id=${stack.appId}${query}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return answer.json()
}

const fault = (draft: Record<string, unknown>) =>
  fetch(`${stack.wechatUrl}/_control/faults`, { method: 'POST', body: JSON.stringify(draft) })

const materials = async () =>
  Ledger.parse(await (await fetch(`${stack.wechatUrl}/_control/ledger`)).json()).ledger.filter(
    ({ kind }) => kind === 'material/add_material',
  )

const open = async (bytes: Buffer, declared: Record<string, unknown> = {}) => {
  const body = { type: 'image', filename: '海边.jpg', size: bytes.length, content_type: 'image/jpeg', ...declared }
  return CreateUploadAnswer.parse(await ask('uploads', '', body)).data
}

async function post(target: Awaited<ReturnType<typeof open>>, bytes: Buffer): Promise<string> {
  if (!('method' in target)) throw new Error(`the upload is ${target.state} at once`)
  const form = new FormData()
  for (const [name, value] of Object.entries(target.fields ?? {})) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), '海边.jpg')
  const posted = await fetch(target.url, { method: 'POST', body: form })
  if (!posted.ok) throw new Error(`the object store answered ${posted.status}`)
  return target.upload_id
}

const seen = async (uploadId: string, wait: number) =>
  UploadAnswer.parse(await ask(`uploads/${uploadId}`, `&wait=${wait}`)).data

test('ten uploads whose answers are lost while tokens are refused at random become ten materials', async () => {
  await fault({ path: '/cgi-bin/material/add_material', kind: 'accept-then-reset', times: 10 })
  await fault({ path: '*', kind: 'spurious-40001', probability: 0.2 })
  const ids: string[] = []
  for (let seed = 1; seed <= 10; seed++) {
    const bytes = fileBytes('jpg', 3_000, seed)
    ids.push(await post(await open(bytes), bytes))
  }
  let uploads = await Promise.all(ids.map(id => seen(id, 3)))
  // A list that could not be read would only be read again after a minute.
  await fetch(`${stack.wechatUrl}/_control/faults`, { method: 'DELETE' })
  for (let sweep = 0; sweep < SWEEPS && uploads.some(({ state }) => state !== 'STORED'); sweep++) {
    // The schedule, which would come each minute.
    await runScript('local/tick.ts', { DATA_DIR: dataDir }, ['sweepUploads'])
    uploads = await Promise.all(ids.map(id => seen(id, 1)))
  }
  expect(uploads.map(({ state }) => state)).toEqual(ids.map(() => 'STORED'))
  const stored = (await materials()).map(({ media_id }) => media_id).sort()
  expect(uploads.map(({ media_id }) => media_id).sort()).toEqual(stored)
}, 180_000)

test('the same bytes twice at once are one material, and a declared hash relays nothing', async () => {
  const bytes = fileBytes('jpg', 500_000, 77)
  const targets = await Promise.all([open(bytes), open(bytes)])
  const ids = await Promise.all(targets.map(target => post(target, bytes)))
  const uploads = await Promise.all(ids.map(id => seen(id, 20)))
  expect(uploads).toMatchObject([{ state: 'STORED' }, { state: 'STORED' }])
  expect(uploads.filter(({ reused }) => reused)).toHaveLength(1)
  expect(new Set(uploads.map(({ media_id }) => media_id)).size).toBe(1)
  const again = await open(bytes, { sha256: sha256(bytes) })
  expect(again).toMatchObject({ state: 'STORED', media_id: uploads[0]?.media_id, reused: true })
  expect(await materials()).toHaveLength(1)
}, 60_000)
