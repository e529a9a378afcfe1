/** The servers that stand in for AWS and WeChat, each only when no other one is named. */
import { systemClock } from '../../shared/hosts/systemClock.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { startObjectServer } from '../s3/startObjectServer.ts'
import { startTableServer } from '../table/startTableServer.ts'
import type { AccountEntry } from './accountsFile.ts'
import type { FunctionRunner } from './functionRunner.ts'
import type { KeptSecrets } from './keptSecrets.ts'
import { onPort } from './portTaken.ts'
import type { FunctionDefinition } from './serviceDefinition.ts'
import type { Settings } from './settings.ts'
import { simulator } from './simulatedWeChat.ts'

/** The region that embedded servers and their clients agree on. */
export const LOCAL_REGION = 'us-east-1'

/** Where the servers are. */
export interface ServerUrls {
  s3Url: string
  tableUrl: string
  wechatUrl: string
}

/** What starting them takes; `keep` is told of each one, so that it can be closed. */
export interface Embedding {
  settings: Settings
  accounts: AccountEntry[]
  kept: KeptSecrets
  functions: FunctionDefinition[]
  runner: FunctionRunner
  clock: Clock
  keep: (server: { close(): Promise<void> }) => void
}

/** Starts what is needed. Rejects with `PortTaken` or `DataDirInUseError`. */
export async function embeddedServers(embedding: Embedding): Promise<ServerUrls> {
  const { settings, keep } = embedding
  const started = async (server: Promise<{ url: string; close(): Promise<void> }>): Promise<string> => {
    const running = await server
    keep(running)
    return running.url
  }
  // The table first: it notices a second stack on the same data before anything is touched.
  const tableUrl = settings.tableUrl ?? (await started(tableServer(embedding)))
  const [s3Url, wechatUrl] = await Promise.all([
    settings.s3Url ?? started(objectServer(embedding)),
    settings.wechatUrl ?? started(simulator(settings, embedding.accounts, embedding.clock)),
  ])
  return { s3Url, tableUrl, wechatUrl }
}

const tableServer = ({ settings: { ports, dataDir }, clock }: Embedding) =>
  onPort('TABLE_PORT', ports.table, port => startTableServer({ port, dataDir, clock }))

/** New objects start the functions whose prefix they carry. */
function objectServer({ settings, kept, functions, runner }: Embedding) {
  const { ports, dataDir, bucket } = settings
  return onPort('S3_PORT', ports.s3, port =>
    startObjectServer({
      port,
      dataDir,
      credentials: kept.objectStore,
      region: LOCAL_REGION,
      // Signatures carry the machine's time.
      clock: systemClock,
      buckets: [bucket],
      onEvent: record => {
        for (const { id, objectPrefixes } of functions) {
          if (
            objectPrefixes.some(prefix =>
              record.s3.object.key.startsWith(encodeURIComponent(prefix).replaceAll('%2F', '/')),
            )
          ) {
            runner.send(id, { Records: [record] })
          }
        }
      },
    }),
  )
}
