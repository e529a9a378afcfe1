/** Table, WeChat and refresher for the rows about tokens, and processes that call. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallerActions } from '../actors/ourCaller.ts'
import type { RefresherActions } from '../actors/ourRefresher.ts'
import { type Actor, startActor } from '../harness/actor.ts'
import { temporaryFolder } from '../harness/bundled.ts'
import type { PeerName } from '../harness/peerClients.ts'
import type { TableActions, TableSettings } from '../standIns/table.ts'
import type { WeChatActions, WeChatSettings } from '../standIns/weChat.ts'
import { type Keep, storeEnvironment } from './fileWorld.ts'

const LATENCY_MS = 30
const TABLE = 'sucai'

/** What happened between two looks. */
export interface Seen {
  failures: number
  fetches: number
  /** Table calls about the token's row, and about any other. */
  tokenCalls: number
  otherCalls: number
}

/** Table, WeChat and refresher of a fresh account; `env` is what a function needs to find them, and the given store. */
export async function tokenServers(keep: Keep, storeUrl: string) {
  const weChat = await weChatStandIn(keep)
  const { url: weChatUrl } = await weChat.call('facts')
  const env = { ...storeEnvironment(storeUrl, weChatUrl), TABLE_NAME: TABLE }
  const settings = { tableName: TABLE, folder: temporaryFolder() }
  const table = await keep(startActor<TableActions, TableSettings>('standIns/table.ts', settings, { env }))
  const keyFile = join(temporaryFolder(), 'secrets.key')
  writeFileSync(keyFile, randomBytes(32))
  const { url } = await table.call('facts')
  const withTable = { ...env, AWS_ENDPOINT_URL_DYNAMODB: url, SECRETS_KEY_FILE: keyFile }
  const options = { env: withTable, condition: 'local' as const }
  const refresher = await keep(startActor<RefresherActions, null>('actors/ourRefresher.ts', null, options))
  const { url: invokeUrl } = await refresher.call('facts')
  return { weChat, table, env: { ...withTable, AWS_ENDPOINT_URL_LAMBDA: invokeUrl } }
}

/** A fresh account with nobody's token: `processes` that call at once. */
export async function ourProcesses(keep: Keep, processes: number) {
  const { weChat, table, env } = await tokenServers(keep, 'http://127.0.0.1:1')
  const options = { env, asFunction: true }
  const callers = await Promise.all(
    Array.from({ length: processes }, () =>
      keep(startActor<CallerActions, null>('actors/ourCaller.ts', null, options)),
    ),
  )
  await table.call('counted')
  return {
    weChat,
    /** Everyone makes `calls` calls at once. */
    async callAll(calls: number): Promise<Seen> {
      const { failures, fetches } = await calling(weChat, callers, calls)
      const counted = Object.entries(await table.call('counted'))
      const sum = (isToken: boolean) =>
        counted.filter(([name]) => name.includes(' TOKEN#') === isToken).reduce((total, [, count]) => total + count, 0)
      return { failures, fetches, tokenCalls: sum(true), otherCalls: sum(false) }
    },
  }
}

/** The same with a peer, whose processes share nothing. */
export async function peerProcesses(keep: Keep, name: PeerName, processes: number) {
  const weChat = await weChatStandIn(keep)
  const { url: weChatUrl } = await weChat.call('facts')
  const start = () => keep(startActor<CallerActions, unknown>('actors/peerCaller.ts', { name, weChatUrl }))
  const callers = await Promise.all(Array.from({ length: processes }, start))
  return { weChat, callAll: (calls: number) => calling(weChat, callers, calls) }
}

const weChatStandIn = (keep: Keep) =>
  keep(startActor<WeChatActions, WeChatSettings>('standIns/weChat.ts', { fileBytes: 1_024, latencyMs: LATENCY_MS }))

async function calling(weChat: Actor<WeChatActions>, callers: Actor<CallerActions>[], calls: number) {
  await weChat.call('counted')
  const failed = await Promise.all(callers.map(caller => caller.call('call', calls)))
  const { fetches } = await weChat.call('counted')
  return { failures: failed.reduce((sum, one) => sum + one, 0), fetches }
}
