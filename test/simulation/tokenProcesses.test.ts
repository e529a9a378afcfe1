/** Real processes, a real table server and sockets: a cold account costs one token, however many ask at once. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import * as z from 'zod'
import { ensureTable } from '../../local/table/ensureTable.ts'
import { startSimulator } from '../../local/wechat/startSimulator.ts'
import { accountRow } from '../../shared/core/account.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { dynamoTable } from '../../shared/stores/dynamoTable.ts'
import { temporaryFolder, testTableServer } from '../local/tableServer.ts'
import { seededRandom } from '../support/seededRandom.ts'

const APP_ID = 'wx0123456789abcdef'
const SECRET = 'CNRY-processes'
const TABLE = 'sucai'
const PROCESSES = 8
const CALLS = 25

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A child that speaks in lines. */
function start(args: string[]) {
  const script = new URL('tokenProcess.ts', import.meta.url).pathname
  const child: ChildProcess = spawn(process.execPath, ['--conditions=local', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  const line = async (number: number): Promise<string> => {
    while (output.split('\n').length <= number + 1) await once(child.stdout ?? child, 'data')
    return output.split('\n')[number] ?? ''
  }
  child.stdout?.on('data', chunk => {
    output += String(chunk)
  })
  closing.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
  })
  return { go: () => child.stdin?.write('go\n'), line }
}

it(`${PROCESSES} processes with ${CALLS} callers each fetch one token`, async () => {
  const folder = await temporaryFolder()
  closing.push(() => folder.remove())
  const server = await testTableServer(folder.path, systemClock)
  closing.push(() => server.close())
  const accounts = [{ appId: APP_ID, secret: SECRET }]
  const simulator = await startSimulator({ port: 0, clock: systemClock, random: seededRandom(1), accounts })
  closing.push(() => simulator.close())
  await ensureTable(server.client, TABLE)
  const table = dynamoTable({ tableName: TABLE, client: () => server.client, random: seededRandom(2) })
  const settings = { name: '多进程', kind: 'official', articles: 'draft', limits: 'current' } as const
  const credential = 'stable_token' as const
  await table.put(accountRow({ app_id: APP_ID, ...settings, credential, sealed_secret: SECRET }), 0)

  const children = Array.from({ length: PROCESSES }, () =>
    start([server.url, TABLE, simulator.url, APP_ID, `${CALLS}`]),
  )
  await Promise.all(children.map(child => child.line(0)))
  for (const child of children) child.go()
  const answers = await Promise.all(
    children.map(async child => z.array(z.string()).parse(JSON.parse(await child.line(1)))),
  )
  expect(new Set(answers.flat()).size).toBe(1)
  expect(simulator.control.calls().counts['/cgi-bin/stable_token']).toBe(1)
}, 60_000)
