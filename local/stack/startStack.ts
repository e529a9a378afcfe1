/** The whole service on embedded servers: object store, table, WeChat simulator, functions, gateway, schedules. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ambient, useClock } from '../../shared/hosts/ambient.ts'
import { stopAt } from '../../shared/hosts/local/stopPoints.ts'
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { dynamoTable } from '../../shared/stores/dynamoTable.ts'
import { keySecrets } from '../../shared/stores/keySecrets.ts'
import { ensureTable } from '../table/ensureTable.ts'
import { type AccountEntry, readAccounts } from './accountsFile.ts'
import { embeddedServers, LOCAL_REGION, type ServerUrls } from './embeddedServers.ts'
import { functionRunner } from './functionRunner.ts'
import { startGateway } from './gateway.ts'
import { startInvokeServer } from './invokeServer.ts'
import { type KeptSecrets, keepSecrets } from './keptSecrets.ts'
import { movableClock } from './movableClock.ts'
import { onPort } from './portTaken.ts'
import { startSchedules } from './schedules.ts'
import { seedTable } from './seedTable.ts'
import { readDefinition } from './serviceDefinition.ts'
import type { Settings } from './settings.ts'
import { setUpPushes } from './setUpPushes.ts'
import { stackControl } from './stackControl.ts'
import { stackFile } from './stackFile.ts'

const DEFINITION = new URL('../../serverless.yml', import.meta.url)

/** A running stack. */
export interface Stack extends ServerUrls {
  url: string
  apiKey: string
  /** The first account, for examples. */
  appId: string
  /** Whether WeChat is the built-in simulator. */
  simulated: boolean
  close(): Promise<void>
}

/**
 * Starts everything. Sets the environment variables that the functions' host reads, so it can run once a process.
 * Rejects with `PortTaken`, `DataDirInUseError`, or a sentence for the operator; nothing stays open then.
 */
export async function startStack(settings: Settings): Promise<Stack> {
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const closable of opened.splice(0).reverse()) await closable.close().catch(() => undefined)
  }
  try {
    return await start(settings, { keep: closable => opened.push(closable), close })
  } catch (error) {
    await close()
    throw error
  }
}

interface Closing {
  keep: (closable: { close(): Promise<void> }) => void
  close: () => Promise<void>
}

async function start(settings: Settings, { keep, close }: Closing): Promise<Stack> {
  const { dataDir, ports } = settings
  const clock = movableClock(settings.clockAheadMs)
  useClock(clock)
  if (settings.stopAt !== undefined) stopAt(settings.stopAt)
  const { log } = ambient()
  const accounts = readAccounts(settings.accounts)
  const functions = readDefinition(DEFINITION)
  const kept = keepSecrets(dataDir, systemRandom, settings.apiKey)
  const runner = functionRunner({ functions, load: loadFunction, dataDir, log })
  keep({ close: async () => runner.stop() })
  const urls = await embeddedServers({ settings, accounts, kept, functions, runner, clock, keep })
  const invoke = await startInvokeServer(runner, stackControl(clock))
  keep(invoke)
  Object.assign(process.env, functionEnvironment(settings, kept, urls), { AWS_ENDPOINT_URL_LAMBDA: invoke.url })
  await prepareTable(settings.tableName, kept, { accounts, now: clock.now() })
  await Promise.all(functions.map(({ id }) => loadFunction(id)))
  const gateway = await onPort('PORT', ports.gateway, port => startGateway({ port, functions, runner, log }))
  keep(gateway)
  const stopSchedules = startSchedules(functions, runner)
  keep({ close: async () => stopSchedules() })
  const simulated = settings.wechatUrl === undefined
  if (simulated) await setUpPushes(urls.wechatUrl, gateway.url, accounts)
  const facts = { pid: process.pid, url: gateway.url, invoke_url: invoke.url, wechat_url: urls.wechatUrl }
  writeFileSync(stackFile(dataDir), JSON.stringify(facts))
  keep({ close: async () => rmSync(stackFile(dataDir), { force: true }) })
  return { ...urls, url: gateway.url, apiKey: kept.apiKey, appId: accounts[0]?.app_id ?? '', simulated, close }
}

/** Node caches modules, so this imports each function once. */
const loadFunction = (id: string): Promise<unknown> => import(new URL(`../../functions/${id}.ts`, import.meta.url).href)

/** What a deployment would set; see shared/hosts. */
const functionEnvironment = (settings: Settings, kept: KeptSecrets, urls: ServerUrls): Record<string, string> => ({
  AWS_REGION: process.env['AWS_REGION'] ?? LOCAL_REGION,
  ...(settings.s3Url === undefined && {
    AWS_ACCESS_KEY_ID: kept.objectStore.accessKeyId,
    AWS_SECRET_ACCESS_KEY: kept.objectStore.secretAccessKey,
  }),
  AWS_ENDPOINT_URL_S3: urls.s3Url,
  AWS_ENDPOINT_URL_DYNAMODB: urls.tableUrl,
  WECHAT_API_BASE_URL: urls.wechatUrl,
  BUCKET: settings.bucket,
  TABLE_NAME: settings.tableName,
  SECRETS_KEY_FILE: kept.sealKeyFile,
})

async function prepareTable(
  tableName: string,
  kept: KeptSecrets,
  seed: { accounts: AccountEntry[]; now: number },
): Promise<void> {
  const client = new DynamoDBClient({})
  try {
    await ensureTable(client, tableName)
    const table = dynamoTable({ tableName, client: () => client, random: systemRandom })
    const sealer = keySecrets(() => readFileSync(kept.sealKeyFile))
    await seedTable(table, sealer, { ...seed, apiKey: kept.apiKey })
  } finally {
    client.destroy()
  }
}
