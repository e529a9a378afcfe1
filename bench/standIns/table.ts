/** The embedded table behind a proxy that counts each call by operation and partition. */
import { mkdtempSync } from 'node:fs'
import { Agent, request as forward } from 'node:http'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ensureTable } from '../../local/table/ensureTable.ts'
import { startTableServer } from '../../local/table/startTableServer.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { chunksOf, listen } from './server.ts'

/** The table's name, and a folder for its data. */
export interface TableSettings {
  tableName: string
  folder: string
}

/** One call: `PutItem UPL#wx…`. The partition of a query is left out. */
export type Counted = Record<string, number>

/** Starts it; AWS's settings come from the environment. */
export async function start({ tableName, folder }: TableSettings) {
  const dataDir = mkdtempSync(join(folder, 'table-'))
  const table = await startTableServer({ port: 0, dataDir, clock: systemClock })
  const client = new DynamoDBClient({ endpoint: table.url })
  await ensureTable(client, tableName)
  client.destroy()
  const agent = new Agent({ keepAlive: true })
  let counted: Counted = {}
  const url = await listen(undefined, async (incoming, response) => {
    const body = Buffer.concat(await chunksOf(incoming))
    const name = callName(String(incoming.headers['x-amz-target']), body)
    counted[name] = (counted[name] ?? 0) + 1
    const { headers, method = 'POST' } = incoming
    // The signature covers the host that the client meant.
    forward(table.url, { method, headers, agent }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
      .once('error', () => response.destroy())
      .end(body)
  })
  return {
    facts: () => ({ url }),
    /** Calls since the last question. */
    counted: (): Counted => {
      const seen = counted
      counted = {}
      return seen
    },
  }
}

/** Its actions. */
export type TableActions = Awaited<ReturnType<typeof start>>

function callName(target: string, body: Buffer): string {
  const operation = target.split('.').at(-1) ?? ''
  const { Item, Key } = JSON.parse(body.toString('utf8'))
  const partition: unknown = (Item ?? Key)?.pk?.S
  return typeof partition === 'string' ? `${operation} ${partition}` : operation
}
