/** The running stack is stopped at a named point, killed with SIGKILL and started again: it must finish by itself. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { runningStack } from '../../local/stack/stackFile.ts'
import { UploadAnswer, UploadTargetAnswer } from '../../shared/core/schemas/upload.ts'
import { fileBytes } from '../support/files.ts'
import { type StackProcess, startStackProcess } from './stackProcess.ts'

const ADD = '/cgi-bin/material/add_material'
const LONG = 60_000
const Ledger = z.object({ ledger: z.array(z.object({ kind: z.string(), sha256: z.string().optional() })) })
const Health = z.object({ data: z.object({ health: z.object({ state: z.string() }) }) })

let dataDir: string
let stack: StackProcess
/** s by which the stack's time is ahead: a restart must not bring it back. */
let ahead = 0
let serial = 0

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'sucai-test-'))
  stack = await startStackProcess(dataDir)
}, LONG)

afterAll(async () => {
  await stack.end('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

const invoke = async (path: string, body: unknown): Promise<unknown> => {
  const url = `${runningStack(dataDir)?.invoke_url}${path}`
  return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()
}
const arm = (at: string) => invoke('/_control/stop', { at })
const tick = (job: string) => invoke(`/2015-03-31/functions/${job}/invocations`, { source: 'aws.events' })
const moveOn = async (seconds: number): Promise<void> => {
  ahead += seconds
  await invoke('/_control/clock', { advance_ms: seconds * 1000 })
}

/** Waits for the stop, kills the process there, starts it again. */
async function crash(point: string): Promise<void> {
  await stack.printed(`stopped at ${point}`)
  await stack.end('SIGKILL')
  stack = await startStackProcess(dataDir, { SUCAI_CLOCK_AHEAD_S: String(ahead) })
}

const api = (path: string, body?: unknown): Promise<Response> =>
  fetch(`${stack.url}/wechat/${path}${path.includes('?') ? '&' : '?'}app_id=${stack.appId}`, {
    method: body === undefined ? 'GET' : 'POST',
    body: body === undefined ? null : JSON.stringify(body),
    headers: { 'x-api-key': stack.apiKey, 'content-type': 'application/json' },
  })

const fault = (rule: Record<string, unknown>) =>
  fetch(`${stack.wechatUrl}/_control/faults`, { method: 'POST', body: JSON.stringify({ times: 1, ...rule }) })

const ledger = async () => Ledger.parse(await (await fetch(`${stack.wechatUrl}/_control/ledger`)).json()).ledger

/** Opens an upload of bytes that no other one has. */
async function open() {
  const bytes = fileBytes('jpg', 5_000, ++serial)
  const declared = { type: 'image', filename: `断电 ${serial}.jpg`, size: bytes.length, content_type: 'image/jpeg' }
  const { data } = UploadTargetAnswer.parse(await (await api('uploads', declared)).json())
  return { id: data.upload_id, target: data, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Posts the bytes; a process that stops meanwhile never answers. */
async function post({ target, bytes }: Awaited<ReturnType<typeof open>>): Promise<void> {
  const form = new FormData()
  for (const [name, value] of Object.entries(target.fields ?? {})) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), 'a.jpg')
  await fetch(target.url, { method: 'POST', body: form }).catch(() => undefined)
}

const stateOf = async (id: string, wait = 0) =>
  UploadAnswer.parse(await (await api(`uploads/${id}?wait=${wait}`)).json()).data.state

/** Time passes and the schedule comes round, until the upload is final. */
async function finish(id: string): Promise<string> {
  for (let round = 0; round < 8; round++) {
    await moveOn(round === 0 ? 160 : 70)
    await tick('sweepUploads')
    const state = await stateOf(id, 1)
    if (state === 'STORED' || state === 'REJECTED' || state === 'EXPIRED') return state
  }
  return stateOf(id)
}

/** What has to go wrong for an upload to come to a point, beside being posted. */
const UPLOAD_POINTS: Record<string, (id: string) => Promise<unknown>> = {
  'upload/read': async () => undefined,
  'upload/SENDING': async () => undefined,
  'upload/sent': async () => undefined,
  'upload/STORED': async () => undefined,
  'upload/UNKNOWN': () => fault({ path: ADD, kind: 'accept-then-reset' }),
  'upload/PARKED': () => fault({ path: ADD, kind: 'errcode', errcode: -1 }),
}

describe('an upload whose process is killed', () => {
  it.each(Object.keys(UPLOAD_POINTS))(
    'at %s is stored once',
    async point => {
      const opened = await open()
      await UPLOAD_POINTS[point]?.(opened.id)
      await arm(point)
      void post(opened)
      await crash(point)
      expect(await finish(opened.id)).toBe('STORED')
      const sent = (await ledger()).filter(
        ({ sha256, kind }) => kind === 'material/add_material' && sha256 === opened.sha256,
      )
      expect(sent).toHaveLength(1)
    },
    LONG,
  )

  it(
    'at upload/listed, while it looks for an unclear one, is stored once',
    async () => {
      const opened = await open()
      await fault({ path: ADD, kind: 'accept-then-reset' })
      await post(opened)
      await expect.poll(() => stateOf(opened.id), { timeout: 10_000 }).toBe('UNKNOWN')
      await moveOn(11)
      await arm('upload/listed')
      void tick('sweepUploads').catch(() => undefined)
      await crash('upload/listed')
      expect(await finish(opened.id)).toBe('STORED')
      expect(
        (await ledger()).filter(({ sha256, kind }) => kind === 'material/add_material' && sha256 === opened.sha256),
      ).toHaveLength(1)
    },
    LONG,
  )

  it(
    'at upload/CREATED, before its client heard of it, expires by itself',
    async () => {
      await arm('upload/CREATED')
      void open().catch(() => undefined)
      await crash('upload/CREATED')
      await moveOn(31 * 60)
      await tick('sweepUploads')
      expect(await (await api('uploads?state=CREATED')).json()).toMatchObject({ data: [] })
      expect(await (await api('uploads?state=EXPIRED')).json()).toMatchObject({ data: [{ state: 'EXPIRED' }] })
    },
    LONG,
  )
})

it(
  'a process that is killed in the middle of fifty uploads brings each to its end after a restart, and none is there twice',
  async () => {
    const added = async () => (await ledger()).filter(({ kind }) => kind === 'material/add_material')
    const before = (await added()).length
    const all = await Promise.all(Array.from({ length: 50 }, open))
    const posting = all.map(post)
    await expect.poll(async () => (await added()).length, { interval: 20, timeout: 20_000 }).toBeGreaterThan(before + 4)
    await stack.end('SIGKILL')
    stack = await startStackProcess(dataDir, { SUCAI_CLOCK_AHEAD_S: String(ahead) })
    await Promise.all(posting)
    // The sweeper watches a sending for 150 s before it takes its sender for dead.
    for (const seconds of [60, 160, 70, 70, 70, 70, 31 * 60]) {
      await moveOn(seconds)
      await tick('sweepUploads')
    }
    const materials = await added()
    for (const { id, sha256 } of all) {
      const taken = materials.filter(material => material.sha256 === sha256).length
      expect([await stateOf(id, 5), taken]).toEqual(taken === 0 ? ['EXPIRED', 0] : ['STORED', 1])
    }
  },
  LONG * 2,
)

describe('a renewal of a token whose process is killed', () => {
  const minted = async () => (await ledger()).filter(({ kind }) => kind === 'stable_token').length

  it.each(['token/leased', 'token/issued', 'token/written'])(
    'at %s costs at most one call more, and callers are served',
    async point => {
      // The token of before has ended.
      await moveOn(7_200)
      const before = await minted()
      await arm(point)
      void api('material/stats?source=news').catch(() => undefined)
      await crash(point)
      let status = 0
      void api('material/stats?source=news').then(answer => {
        status = answer.status
      })
      // A dead holder's lease is watched for 15 s of the stack's time.
      const secondLater = () => moveOn(1).then(() => status)
      await expect.poll(secondLater, { interval: 200, timeout: 20_000 }).toBe(200)
      expect((await minted()) - before).toBeLessThanOrEqual(1)
      const health = Health.parse(await (await api(`accounts/${stack.appId}?counts=false`)).json()).data.health
      expect(health.state).toBe('OK')
    },
    LONG,
  )
})
