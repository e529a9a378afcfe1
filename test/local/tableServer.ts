/** Table servers for tests, each on a folder and port of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { startTableServer, type TableServer } from '../../local/table/startTableServer.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { virtualClock } from '../support/virtualClock.ts'

/** A sweep that only happens when a test asks for it. */
const NEVER_MS = 2 ** 31 - 1

/** A server with its client and folder. */
export interface TestTableServer extends TableServer {
  client: DynamoDBClient
  dataDir: string
}

/** Starts a server whose background sweep never comes. */
export async function testTableServer(dataDir: string, clock: Clock = virtualClock()): Promise<TestTableServer> {
  const server = await startTableServer({ port: 0, dataDir, clock, sweepEvery: NEVER_MS })
  const client = tableClient(server.url)
  const close = async () => {
    client.destroy()
    await server.close()
  }
  return { ...server, client, dataDir, close }
}

/** A client of a local server. */
export function tableClient(endpoint: string, config: DynamoDBClientConfig = {}): DynamoDBClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, ...config })
}

/** A fresh folder, its name not in ASCII; `remove` deletes it. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), '表-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
