/** The service on WeChat Cloud, locally: the packaged functions, a stand-in of CloudBase, the simulator of WeChat. */
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ambient } from '../../shared/hosts/ambient.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { cloudBase } from '../../shared/stores/cloudBase.ts'
import { cloudTable } from '../../shared/stores/cloudTable.ts'
import { keySecrets } from '../../shared/stores/keySecrets.ts'
import type { CloudCallSettings } from '../cloudbase/openApi.ts'
import { startCloudBase } from '../cloudbase/startCloudBase.ts'
import { type AccountEntry, readAccounts } from '../stack/accountsFile.ts'
import { FunctionFailure, type FunctionRunner } from '../stack/functionRunner.ts'
import { startInvokeServer } from '../stack/invokeServer.ts'
import { type KeptSecrets, keepSecrets } from '../stack/keptSecrets.ts'
import { onPort } from '../stack/portTaken.ts'
import { seedTable } from '../stack/seedTable.ts'
import type { Settings } from '../stack/settings.ts'
import { setUpPushes } from '../stack/setUpPushes.ts'
import { simulator } from '../stack/simulatedWeChat.ts'
import { runningStack, type StackFacts, stackFile } from '../stack/stackFile.ts'
import { startAccessService } from './accessService.ts'
import { type CloudRunner, cloudRunner } from './cloudRunner.ts'
import { type PackagedFunction, packagedFunctions } from './packaged.ts'
import { startTimers, timerEvent } from './timers.ts'

/** The environment of the stand-in. */
const ENV = 'sucai-local'
const COLLECTION = 'sucai'
const SECRET_ID = 'AKIDlocal'

/** A running service. */
export interface LocalCloud {
  url: string
  apiKey: string
  appId: string
  cloudBaseUrl: string
  wechatUrl: string
  close(): Promise<void>
}

/**
 * Starts everything; `packageDir` is where the functions lie, out/wxcloud when absent. Sets the variables that the platform would set, so it can run once a process. Rejects with
 * `PortTaken` or a sentence for the operator; nothing stays open then.
 */
export async function startCloud(settings: Settings, packageDir?: string): Promise<LocalCloud> {
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(closable: T): T => {
    opened.push(closable)
    return closable
  }
  const close = async () => {
    for (const closable of opened.splice(0).reverse()) await closable.close().catch(() => undefined)
  }
  try {
    return { ...(await start(settings, packagedFunctions(packageDir), keep)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(
  settings: Settings,
  functions: readonly PackagedFunction[],
  keep: <T extends { close(): Promise<void> }>(closable: T) => T,
): Promise<Omit<LocalCloud, 'close'>> {
  const { dataDir, ports } = settings
  if (runningStack(dataDir)) throw new Error('another stack runs on this DATA_DIR')
  const accounts = readAccounts(settings.accounts)
  const kept = keepSecrets(dataDir, systemRandom, settings.apiKey)
  const runner = cloudRunner(functions, ENV)
  const wechatUrl = settings.wechatUrl ?? keep(await simulator(settings, accounts, systemClock)).url
  const account = { appId: accounts[0]?.app_id ?? '', token: randomUUID() }
  if (settings.wechatUrl === undefined) await signCloudCalls(wechatUrl, account)
  const permitted = (caller: string) => functions.find(({ id }) => id === caller)?.openapi ?? []
  const cloud = keep(await standIn(settings, kept, { runner, cloudCalls: { wechatUrl, account, permitted } }))
  Object.assign(process.env, platformVariables(kept, { cloudBaseUrl: cloud.url, wechatUrl }))
  await seed(kept, accounts, cloud.url)
  const { log } = ambient()
  const access = keep(await onPort('PORT', ports.gateway, port => startAccessService({ port, env: ENV, runner, log })))
  const stop = startTimers(functions, runner, log)
  keep({ close: async () => stop() })
  const invoke = keep(await startInvokeServer(ticking(runner, functions)))
  if (settings.wechatUrl === undefined) await setUpPushes(wechatUrl, access.url, accounts)
  const facts = { pid: process.pid, url: access.url, invoke_url: invoke.url, wechat_url: wechatUrl }
  writeFileSync(stackFile(dataDir), JSON.stringify(facts satisfies StackFacts))
  keep({ close: async () => rmSync(stackFile(dataDir), { force: true }) })
  const appId = accounts[0]?.app_id ?? ''
  return { url: access.url, apiKey: kept.apiKey, appId, cloudBaseUrl: cloud.url, wechatUrl }
}

/** What `npm run tick <job>` calls: the function's timer, fired by hand. */
const ticking = (runner: CloudRunner, functions: readonly PackagedFunction[]): FunctionRunner => ({
  async call(id, event) {
    const [timer] = functions.find(each => each.id === id)?.timers ?? []
    try {
      if (!timer) return await runner.call(id, event)
      return await runner.call(id, timerEvent(timer, new Date()), { TRIGGER_SRC: 'timer' })
    } catch (cause) {
      throw new FunctionFailure('error', cause instanceof Error ? cause.message : String(cause), { cause })
    }
  },
  send: () => undefined,
  stop: () => undefined,
})

/** The simulator takes cloud calls as those of `account`. */
async function signCloudCalls(wechatUrl: string, { appId, token }: CloudCallSettings['account']): Promise<void> {
  const body = JSON.stringify({ app_id: appId, token })
  const { status } = await fetch(`${wechatUrl}/_control/sidecar`, { method: 'PUT', body })
  if (status !== 200) throw new Error(`the simulator takes no cloud calls (${status})`)
}

const standIn = (
  { ports, dataDir }: Settings,
  kept: KeptSecrets,
  { runner, cloudCalls }: { runner: CloudRunner; cloudCalls: CloudCallSettings },
) =>
  onPort('S3_PORT', ports.s3, port =>
    startCloudBase({
      port,
      dataDir: join(dataDir, 'cloudbase'),
      env: ENV,
      credentials: { secretId: SECRET_ID, secretKey: kept.objectStore.secretAccessKey },
      collections: [COLLECTION],
      clock: systemClock,
      cloudCalls,
      invoke: (id, event) => runner.call(id, event, { TCB_SOURCE: ',scf' }),
    }),
  )

/** What the platform sets, and what an operator would; see shared/hosts/wxcloud. */
const platformVariables = (
  kept: KeptSecrets,
  { cloudBaseUrl, wechatUrl }: { cloudBaseUrl: string; wechatUrl: string },
): Record<string, string> => ({
  TENCENTCLOUD_RUNENV: 'SCF',
  TENCENTCLOUD_REGION: 'ap-shanghai',
  SCF_NAMESPACE: ENV,
  TENCENTCLOUD_SECRETID: SECRET_ID,
  TENCENTCLOUD_SECRETKEY: kept.objectStore.secretAccessKey,
  CLOUDBASE_URL: `${cloudBaseUrl}/admin`,
  COLLECTION,
  SECRETS_KEY: readFileSync(kept.sealKeyFile).toString('base64'),
  WECHAT_API_BASE_URL: wechatUrl,
  SILENCE: 'true',
})

async function seed(kept: KeptSecrets, accounts: AccountEntry[], cloudBaseUrl: string): Promise<void> {
  const client = cloudBase({ env: ENV, serviceUrl: `${cloudBaseUrl}/admin` })
  const table = cloudTable({ collection: COLLECTION, client, random: systemRandom })
  const sealer = keySecrets(() => readFileSync(kept.sealKeyFile))
  await seedTable(table, sealer, { accounts, apiKey: kept.apiKey, now: systemClock.now() })
}
