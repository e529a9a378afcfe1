import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Change, dynaliteDb } from '../../local/table/dynalite.ts'
import { ensureTable } from '../../local/table/ensureTable.ts'
import { DataDirInUseError } from '../../local/table/itemStore.ts'
import { openOperations } from '../../local/table/operations.ts'
import { startTableServer } from '../../local/table/startTableServer.ts'
import { tableSchema } from '../../shared/stores/tableSchema.ts'
import { virtualClock } from '../support/virtualClock.ts'
import { tableClient, temporaryFolder, testTableServer } from './tableServer.ts'

const PROGRAM = fileURLToPath(new URL('./tableServerProcess.ts', import.meta.url))
const TableName = 'sucai'

describe('the table server’s data', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let child: ChildProcess | undefined
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(async () => {
    if (child) await kill(child)
    child = undefined
    await folder.remove()
  })

  it('holds every acknowledged write, and indexes that fit the items, after kill -9', async () => {
    const started = await startProcess(folder.path)
    child = started.process
    const client = tableClient(started.url, { maxAttempts: 1 })
    await ensureTable(client, TableName)
    const acknowledged = new Map<string, number>()
    let writes = 0
    const write = async (sk: string) => {
      for (let round = 1; ; round++) {
        const put = new PutItemCommand({ TableName, Item: { ...row(sk), dueAt: { N: String(round) } } })
        if (!(await client.send(put).catch(() => undefined))) return
        acknowledged.set(sk, round)
        if (++writes === 300) started.process.kill('SIGKILL')
      }
    }
    await Promise.all(Array.from({ length: 20 }, (_, n) => write(`上传#${n}`)))
    client.destroy()
    await kill(started.process)

    const server = await testTableServer(folder.path)
    const items = await scan(server.client)
    for (const [sk, round] of acknowledged) expect(items.get(sk)).toBeGreaterThanOrEqual(round)
    expect(acknowledged.size).toBe(20)
    expect(await scan(server.client, 'due')).toEqual(items)
    await server.close()
  })

  it('changes an item and its index entries in one batch', async () => {
    const batches: Change[][] = []
    const create = dynaliteDb.create
    const spy = vi.spyOn(dynaliteDb, 'create').mockImplementation(options => {
      const opened = create(options)
      const batch = opened.db.batch
      opened.db.batch = changes => {
        batches.push(changes)
        return batch(changes)
      }
      return opened
    })
    const operations = await openOperations(folder.path, virtualClock())
    spy.mockRestore()
    await operations.execute('CreateTable', { ...tableSchema(TableName) })
    batches.length = 0
    for (const at of ['1', '2']) {
      await operations.execute('PutItem', { TableName, Item: { ...row('a'), dueAt: { N: at } } })
    }
    await operations.execute('DeleteItem', { TableName, Key: { pk: { S: 'p' }, sk: { S: 'a' } } })
    const kinds = batches.map(batch => batch.map(change => `${change.type} ${change.key.split('-')[0]}`).sort())
    expect(kinds).toEqual([
      ['put index', 'put item'],
      ['del index', 'put index', 'put item'],
      ['del index', 'del item'],
    ])
    await operations.close()
  })

  it('is refused to a second process with a message that names the folder', async () => {
    const started = await startProcess(folder.path)
    child = started.process
    const error = await testTableServer(folder.path).catch((refused: unknown) => refused)
    expect(error).toBeInstanceOf(DataDirInUseError)
    expect(error).toMatchObject({ message: expect.stringContaining(`another process uses ${folder.path}`) })
    await kill(started.process)
    const server = await testTableServer(folder.path)
    await server.close()
  })

  it('is let go of when the port is taken', async () => {
    const other = await temporaryFolder()
    const first = await testTableServer(folder.path)
    const second = startTableServer({ port: first.port, dataDir: other.path, clock: virtualClock() })
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const third = await testTableServer(other.path)
    await Promise.all([first.close(), third.close()])
    await other.remove()
  })

  it('takes the write whose request was under way when the server was closed', async () => {
    const server = await testTableServer(folder.path)
    await ensureTable(server.client, TableName)
    const body = Buffer.from(JSON.stringify({ TableName, Item: row('最后') }))
    const put = request(server.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'DynamoDB_20120810.PutItem',
        authorization: 'AWS4',
        'content-length': body.length,
        expect: '100-continue',
      },
    })
    put.flushHeaders()
    await once(put, 'continue')
    const closing = server.close()
    put.end(body)
    const [answer]: { statusCode?: number }[] = await once(put, 'response')
    expect(answer?.statusCode).toBe(200)
    await closing
    const again = await testTableServer(folder.path)
    expect([...(await scan(again.client)).keys()]).toEqual(['最后'])
    await again.close()
  })

  it('remembers no time to live of a table that was deleted', async () => {
    const server = await testTableServer(folder.path)
    await ensureTable(server.client, TableName)
    await server.client.send(new DeleteTableCommand({ TableName }))
    await server.close()
    const again = await testTableServer(folder.path)
    await again.client.send(new CreateTableCommand(tableSchema(TableName)))
    const { TimeToLiveDescription } = await again.client.send(new DescribeTimeToLiveCommand({ TableName }))
    expect(TimeToLiveDescription?.TimeToLiveStatus).toBe('DISABLED')
    await again.close()
  })
})

function row(sk: string) {
  return { pk: { S: 'p' }, sk: { S: sk }, dueShard: { S: 'q#0' }, dueAt: { N: '1' } }
}

/** `dueAt` by sort key, of the table or of an index; -1 when a key comes twice. */
async function scan(client: DynamoDBClient, IndexName?: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const { Items = [] } of paginateScan({ client }, { TableName, ...(IndexName && { IndexName }) })) {
    for (const { sk, dueAt } of Items) found.set(sk?.S ?? '', found.has(sk?.S ?? '') ? -1 : Number(dueAt?.N))
  }
  return found
}

async function startProcess(dataDir: string): Promise<{ process: ChildProcess; url: string }> {
  const server = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line]: unknown[] = await once(server.stdout, 'data')
  return { process: server, url: String(line).trim() }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
