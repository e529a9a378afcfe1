/**
 * Token custody alone, with as many processes as a test wants, each with a clock, a memory and a table connection of its
 * own. WeChat is the simulator itself, called without a socket, so that thousands of runs are cheap.
 */
import { Readable } from 'node:stream'
import { refreshToken } from '../../functions/refreshToken.ts'
import { judgeCall } from '../../local/wechat/judgeCall.ts'
import { changedSettings } from '../../local/wechat/simulatedAccount.ts'
import { createSimulator, type Simulator } from '../../local/wechat/simulator.ts'
import type { AccountData } from '../../shared/core/account.ts'
import { accountRow } from '../../shared/core/account.ts'
import type { JobEvent } from '../../shared/core/operation.ts'
import { tokenReader } from '../../shared/domain/tokens/tokenReader.ts'
import { TokenData } from '../../shared/domain/tokens/tokenRow.ts'
import type { Credentials } from '../../shared/ports/credentials.ts'
import type { Invoker } from '../../shared/ports/invoker.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { MetricName } from '../../shared/ports/metrics.ts'
import type { Table } from '../../shared/ports/table.ts'
import type { Tokens } from '../../shared/ports/tokens.ts'
import { memoryTable } from '../../shared/stores/memoryTable.ts'
import { tokenClient, weChatClient } from '../../shared/wechat/client.ts'
import { secretCredentials } from '../../shared/wechat/credentials.ts'
import type { Transport } from '../../shared/wechat/transportPort.ts'
import { type DrivenClock, drivenClock } from './drivenClock.ts'
import { seededRandom } from './seededRandom.ts'
import { settle } from './virtualClock.ts'

/** The account of every lab. */
export const LAB_APP_ID = 'wx1ab1ab1ab1ab1ab1'
const SECRET = 'CNRY-lab-secret'
const LIMIT_MS = 25_000
/** The round trip to WeChat is up to twice this. */
const LATENCY_MS = 400

/** A call that WeChat got. */
export interface LabCall {
  path: string
  /** ms of true time */
  at: number
  errcode: number
}

/** One process. */
export interface LabProcess {
  tokens: Tokens
  /** Runs the refresher here. */
  refresh(event: JobEvent): Promise<unknown>
  /** Makes a call of WeChat that needs a token. */
  use(): Promise<unknown>
}

/** How a process differs. */
export interface ProcessOptions {
  /** ms that its clock is ahead of true time */
  offset?: number
  table?: Table
  credentials?: (own: Credentials) => Credentials
  /** Who answers for the refresher; this process itself by default. */
  refresher?: () => LabProcess
}

/** A world of tokens. */
export interface TokenLab {
  clock: DrivenClock
  table: Table
  simulator: Simulator
  calls: LabCall[]
  metrics: { name: MetricName; at: number }[]
  process(options?: ProcessOptions): LabProcess
  /** Lets time pass until `work` is done. */
  drive<T>(work: Promise<T>): Promise<T>
  /** Adds an account here and at WeChat. */
  addAccount(appId: string): Promise<void>
  /** Every token row that was written, in this order. */
  written: { version: number; data: TokenData }[]
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A lab with one account of that credential kind. */
export async function tokenLab(
  seed: number,
  credential: AccountData['credential'] = 'stable_token',
): Promise<TokenLab> {
  const clock = drivenClock()
  const random = seededRandom(seed)
  const simulator = createSimulator({ clock, random, accounts: [] })
  const calls: LabCall[] = []
  const metrics: TokenLab['metrics'] = []
  const written: TokenLab['written'] = []
  const plain = memoryTable()
  const table: Table = {
    ...plain,
    async put(draft, expected, signal) {
      const result = await plain.put(draft, expected, signal)
      const data = TokenData.safeParse(draft.data)
      if (result.ok && data.success) written.push({ version: result.row.version, data: data.data })
      return result
    },
  }
  // The opener finds the secret as it stands: what is under test is not the sealing.
  const secrets = { open: async (sealed: string) => sealed }
  const addAccount = async (appId: string): Promise<void> => {
    simulator.record({ event: 'account', settings: changedSettings(undefined, { appId, secret: SECRET }) })
    const settings = { name: '实验室', kind: 'official', articles: 'draft', limits: 'current' } as const
    await table.put(accountRow({ app_id: appId, ...settings, credential, sealed_secret: SECRET }), 0)
  }
  await addAccount(LAB_APP_ID)

  const transport: Transport = {
    origin: 'https://api.weixin.qq.com',
    download: () => Promise.reject(new Error('there are no files here')),
    async send({ method, path, query, headers, body }) {
      await clock.sleep(random.fraction() * LATENCY_MS)
      const bytes = body instanceof Uint8Array ? Buffer.from(body) : Buffer.alloc(0)
      const arrival = { method, path, query: new URLSearchParams(query), headers, body: bytes }
      const answer = judgeCall(simulator, { ...arrival, tooLarge: false, ip: '127.0.0.1' })
      const date = new Date(simulator.now()).toUTCString()
      calls.push({ path: path.slice('/cgi-bin/'.length), at: clock.now(), errcode: answer.errcode })
      await clock.sleep(random.fraction() * LATENCY_MS)
      return { status: answer.status, headers: { date }, body: Readable.from([answer.body]) }
    },
  }

  let runs = 0
  const process = ({ offset = 0, table: own = table, credentials: changed, refresher }: ProcessOptions = {}) => {
    const itsClock = { now: () => clock.now() + offset, sleep: clock.sleep }
    const plainCredentials = secretCredentials(tokenClient({ transport, clock: itsClock }))
    const credentials = changed?.(plainCredentials) ?? plainCredentials
    const record = (name: MetricName) => void metrics.push({ name, at: clock.now() })
    const ambient = { clock: itsClock, random, log: silent, metrics: { record } }
    const refresh = (event: JobEvent) => {
      const end = clock.now() + LIMIT_MS
      const call = {
        requestId: `run-${++runs}`,
        remaining: () => end - clock.now(),
        signal: new AbortController().signal,
      }
      return refreshToken.run(event, { ...ambient, table: own, credentials, secrets }, call)
    }
    const invoker: Invoker = {
      call: (_id, payload) => (refresher?.() ?? it).refresh({ trigger: 'call', payload: structuredClone(payload) }),
      send: () => Promise.reject(new Error('nothing is sent here')),
    }
    const tokens = tokenReader({ ...ambient, table: own, invoker })
    const nothing = async () => {}
    const quotas = { check: nothing, park: nothing, blame: nothing, succeeded: nothing }
    const wechat = weChatClient({ transport, tokens, quotas, clock: itsClock, random })
    const it: LabProcess = { tokens, refresh, use: () => wechat.material(LAB_APP_ID).count() }
    return it
  }

  return {
    ...{ clock, table, simulator, calls, metrics, written, process, addAccount },
    async drive(work) {
      let done = false
      const end = () => {
        done = true
      }
      work.then(end, end)
      for (let idle = 0; !done; idle++) {
        await settle()
        const next = clock.nextDeadline()
        if (done || next === undefined) {
          if (idle > 1_000) throw new Error('work that waits for nothing')
          continue
        }
        idle = 0
        await clock.advance(Math.max(0, next - clock.now()))
      }
      return work
    },
  }
}

/** Whether the generations that were written never went back. */
export const neverBack = (written: TokenLab['written']): boolean =>
  written.every(({ data }, at) => at === 0 || data.generation >= (written[at - 1]?.data.generation ?? 0))
