/** Row 16: the local stack as a developer meets it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../harness/bundled.ts'
import type { Group, Row } from '../harness/row.ts'
import { median } from '../harness/sampling.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ROUNDS = 3
const CONNECTIONS = 32
const REQUESTS = 12_000
const WARM_REQUESTS = 2_000
const START_LIMIT_MS = 60_000
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/

/** Ready time, requests and memory. */
export const stack: Group = { name: 'stack', run: measure }

async function measure(): Promise<Row[]> {
  const ready: number[] = []
  const rates: number[] = []
  const sizes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    const child = spawn(process.execPath, startArguments(), {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        DATA_DIR: mkdtempSync(join(temporaryFolder(), 'stack-')),
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const url = await addressOf(child)
      ready.push(performance.now() - began)
      await load(`${url}/healthz`, WARM_REQUESTS)
      const start = performance.now()
      await load(`${url}/healthz`, REQUESTS)
      rates.push(REQUESTS / ((performance.now() - start) / 1_000))
      sizes.push(residentMegabytes(child.pid ?? 0))
    } finally {
      child.kill('SIGTERM')
      await new Promise(resolve => child.once('exit', resolve))
    }
  }
  return [
    {
      ...{ id: '16a', metric: 'local stack: ready', unit: 's', limit: 0.3, ours: median(ready) / 1_000 },
      ...{ goals: [{ atMost: 1 }], note: 'limits: a bare runner on a quiet machine' },
    },
    {
      ...{ id: '16b', metric: `local stack: GET /healthz on ${CONNECTIONS} connections`, unit: 'requests/s' },
      ...{ limit: 4_800, ours: median(rates), goals: [{ atLeast: 3_000 }] },
    },
    {
      ...{ id: '16c', metric: 'local stack: memory afterwards', unit: 'MB', limit: 118, ours: median(sizes) },
      goals: [{ atMost: 200 }],
    },
  ]
}

/** What `npm start` gives Node. */
function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return String(scripts.start).split(' ').slice(1)
}

/** The banner names the gateway first. */
async function addressOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  for (let waited = 0; waited < START_LIMIT_MS; waited += 5) {
    const found = ADDRESS.exec(text)?.[0]
    if (found) return found
    if (child.exitCode !== null) break
    await wait(5)
  }
  throw new Error(`the stack did not start: ${text}`)
}

async function load(url: string, requests: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let left = requests
  const connection = async () => {
    while (left-- > 0) await answered(url, agent)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  agent.destroy()
}

function answered(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, response => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
      response.resume().once('end', resolve)
    }).once('error', reject)
  })
}

function residentMegabytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return (Number(kilobytes ?? 0) * 1_024) / 1e6
  } catch {
    return Number.NaN
  }
}
