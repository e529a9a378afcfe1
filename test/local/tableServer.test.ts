import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactGetItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ensureTable } from '../../local/table/ensureTable.ts'
import { startTableServer } from '../../local/table/startTableServer.ts'
import { tableSchema } from '../../shared/stores/tableSchema.ts'
import { virtualClock } from '../support/virtualClock.ts'
import { type TestTableServer, tableClient, temporaryFolder, testTableServer } from './tableServer.ts'

const TableName = 'sucai'
const key = (sk: string, pk = 'p') => ({ pk: { S: pk }, sk: { S: sk } })
const get = async (client: DynamoDBClient, sk: string, pk = 'p') =>
  (await client.send(new GetItemCommand({ TableName, Key: key(sk, pk), ConsistentRead: true }))).Item

describe('the table server', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: TestTableServer
  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await testTableServer(folder.path)
    await ensureTable(server.client, TableName)
  })
  afterAll(async () => {
    await server.close()
    await folder.remove()
  })

  const post = (target: string, body: string, headers: Record<string, string> = {}) =>
    fetch(server.url, {
      method: 'POST',
      headers: {
        'x-amz-target': target,
        'content-type': 'application/x-amz-json-1.0',
        authorization: 'AWS4',
        ...headers,
      },
      body,
    })

  describe('over HTTP', () => {
    it('answers with the CRC32 of the bytes, and keeps connections for long', async () => {
      await server.client.send(new PutItemCommand({ TableName, Item: { ...key('crc'), title: { S: '素材 🐼' } } }))
      const body = JSON.stringify({ TableName, Key: key('crc') })
      const answer = await post('DynamoDB_20120810.GetItem', body)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      expect(new TextDecoder().decode(bytes)).toContain('素材 🐼')
      expect(answer.headers.get('x-amz-crc32')).toBe(String(crc32(bytes)))
      expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.0')
      expect(answer.headers.get('keep-alive')).toBe('timeout=600')
      expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9A-F]{32}$/)
    })

    it.each<[string, string, string, Record<string, string>, string]>([
      ['an operation it has not', 'DynamoDB_20120810.NoSuch', '{}', {}, 'UnknownOperationException'],
      ['a target of no version', 'GetItem', '{}', {}, 'UnknownOperationException'],
      [
        'no Authorization',
        'DynamoDB_20120810.ListTables',
        '{}',
        { authorization: '' },
        'MissingAuthenticationTokenException',
      ],
      ['a body that is no JSON', 'DynamoDB_20120810.ListTables', '{', {}, 'SerializationException'],
      ['a body that is no object', 'DynamoDB_20120810.ListTables', '[]', {}, 'SerializationException'],
      ['a wrong type', 'DynamoDB_20120810.GetItem', '{"TableName":7}', {}, 'SerializationException'],
      ['a missing field', 'DynamoDB_20120810.UpdateTimeToLive', '{"TableName":"sucai"}', {}, 'ValidationException'],
    ])('answers 400 in DynamoDB’s shape to %s', async (_, target, body, headers, name) => {
      const answer = await post(target, body, headers)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ __type: expect.stringMatching(new RegExp(`#${name}$`)) })
    })

    it('answers 413 to a body over 16 MB, and goes on', async () => {
      const answer = await post('DynamoDB_20120810.PutItem', 'x'.repeat(17 * 1024 * 1024))
      expect(answer.status).toBe(413)
      await answer.body?.cancel()
      expect((await post('DynamoDB_20120810.ListTables', '{}')).status).toBe(200)
    })

    it('survives clients that go away in the middle of their body', async () => {
      for (let client = 0; client < 5; client++) {
        await new Promise<void>(resolve => {
          const socket = connect(server.port, '127.0.0.1', () => {
            socket.write('POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.PutItem\r\n')
            socket.write('authorization: AWS4\r\ncontent-length: 1000\r\n\r\n{"TableName', () =>
              socket.resetAndDestroy(),
            )
          })
          socket.on('close', () => resolve())
        })
      }
      expect((await post('DynamoDB_20120810.ListTables', '{}')).status).toBe(200)
    })

    it('tells on a plain GET that it is there', async () => {
      expect((await fetch(server.url)).status).toBe(200)
    })

    it('refuses transactions by name instead of pretending', async () => {
      const transaction = new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName, Key: key('a') } }] })
      await expect(server.client.send(transaction)).rejects.toMatchObject({ name: 'UnknownOperationException' })
    })
  })

  describe('conditional writes', () => {
    it('lets exactly one of 50 concurrent conditional increments win', async () => {
      await server.client.send(new PutItemCommand({ TableName, Item: { ...key('race'), n: { N: '0' } } }))
      const increment = () =>
        server.client.send(
          new UpdateItemCommand({
            TableName,
            Key: key('race'),
            UpdateExpression: 'SET n = n + :one',
            ConditionExpression: 'n = :zero',
            ExpressionAttributeValues: { ':one': { N: '1' }, ':zero': { N: '0' } },
          }),
        )
      const results = await Promise.allSettled(Array.from({ length: 50 }, increment))
      expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
      expect((await get(server.client, 'race'))?.['n']).toEqual({ N: '1' })
    })

    const lose = (operation: 'Put' | 'Update' | 'Delete', wanted: 'ALL_OLD' | 'NONE' | undefined, sk: string) => {
      const rules = {
        TableName,
        ConditionExpression: 'v = :v',
        ExpressionAttributeValues: { ':v': { N: '99' } },
        ...(wanted && { ReturnValuesOnConditionCheckFailure: wanted }),
      }
      const sent = {
        Put: () => server.client.send(new PutItemCommand({ ...rules, Item: key(sk) })),
        Update: () =>
          server.client.send(new UpdateItemCommand({ ...rules, Key: key(sk), UpdateExpression: 'REMOVE x' })),
        Delete: () => server.client.send(new DeleteItemCommand({ ...rules, Key: key(sk) })),
      }
      return sent[operation]().then(
        () => undefined,
        (error: unknown) => error,
      )
    }

    it.each(['Put', 'Update', 'Delete'] as const)('shows a losing %s the row when asked to', async operation => {
      const Item = { ...key(`lost-${operation}`), v: { N: '1' }, title: { S: '图片' } }
      await server.client.send(new PutItemCommand({ TableName, Item }))
      const error = await lose(operation, 'ALL_OLD', `lost-${operation}`)
      expect(error).toBeInstanceOf(ConditionalCheckFailedException)
      expect(error).toMatchObject({ Item })
      for (const unwanted of ['NONE', undefined] as const) {
        const plain = await lose(operation, unwanted, `lost-${operation}`)
        expect(plain).toBeInstanceOf(ConditionalCheckFailedException)
        expect(plain).not.toHaveProperty('Item.pk')
      }
    })

    it('shows no row where there is none', async () => {
      const error = await lose('Put', 'ALL_OLD', 'never-written')
      expect(error).toBeInstanceOf(ConditionalCheckFailedException)
      expect(error).not.toHaveProperty('Item.pk')
    })
  })

  describe('tables and indexes', () => {
    const dueQuery = (input: Partial<QueryCommandInput> = {}) =>
      new QueryCommand({
        TableName,
        IndexName: 'due',
        KeyConditionExpression: 'dueShard = :s',
        ...input,
      })

    it('makes a table that is ACTIVE at once, and answers ResourceInUseException to a second', async () => {
      const create = () =>
        server.client.send(
          new CreateTableCommand({
            ...tableSchema('another'),
            StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
          }),
        )
      expect((await create()).TableDescription?.TableStatus).toBe('ACTIVE')
      const { Table } = await server.client.send(new DescribeTableCommand({ TableName: 'another' }))
      expect(Table).toMatchObject({
        TableStatus: 'ACTIVE',
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        GlobalSecondaryIndexes: [{ IndexName: 'due', IndexStatus: 'ACTIVE' }],
      })
      await expect(create()).rejects.toMatchObject({ name: 'ResourceInUseException' })
    })

    it('forgets a deleted table’s items and indexes', async () => {
      const Item = { ...key('a'), dueShard: { S: 'q#0' }, dueAt: { N: '1' } }
      await server.client.send(new CreateTableCommand(tableSchema('forgotten')))
      await server.client.send(new PutItemCommand({ TableName: 'forgotten', Item }))
      await server.client.send(new DeleteTableCommand({ TableName: 'forgotten' }))
      const scan = (more: object) => server.client.send(new ScanCommand({ TableName: 'forgotten', ...more }))
      await expect(scan({})).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
      await server.client.send(new CreateTableCommand(tableSchema('forgotten')))
      expect((await scan({})).Count).toBe(0)
      expect((await scan({ IndexName: 'due' })).Count).toBe(0)
    })

    it('fills an index that is added later, and keeps it', async () => {
      await server.client.send(new CreateTableCommand(tableSchema('growing')))
      const put = (sk: string, group?: string) =>
        server.client.send(
          new PutItemCommand({ TableName: 'growing', Item: { ...key(sk), ...(group && { grp: { S: group } }) } }),
        )
      await Promise.all([put('a', 'x'), put('b', 'x'), put('c'), put('d', 'y')])
      const Create = {
        IndexName: 'groups',
        KeySchema: [{ AttributeName: 'grp', KeyType: 'HASH' as const }],
        Projection: { ProjectionType: 'KEYS_ONLY' as const },
      }
      const AttributeDefinitions = [{ AttributeName: 'grp', AttributeType: 'S' as const }]
      const add = () =>
        server.client.send(
          new UpdateTableCommand({
            TableName: 'growing',
            AttributeDefinitions,
            GlobalSecondaryIndexUpdates: [{ Create }],
          }),
        )
      await add()
      await Promise.all([put('e', 'x'), put('a', 'y')])
      const members = async (group: string) => {
        const { Items = [] } = await server.client.send(
          new QueryCommand({
            TableName: 'growing',
            IndexName: 'groups',
            KeyConditionExpression: 'grp = :g',
            ExpressionAttributeValues: { ':g': { S: group } },
          }),
        )
        return Items.map(item => item['sk']?.S).sort()
      }
      expect(await members('x')).toEqual(['b', 'e'])
      expect(await members('y')).toEqual(['a', 'd'])
      await expect(add()).rejects.toMatchObject({ name: 'ValidationException' })
      await server.client.send(
        new UpdateTableCommand({
          TableName: 'growing',
          GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'groups' } }],
        }),
      )
      await expect(members('x')).rejects.toMatchObject({ name: 'ValidationException' })
    })

    it('tells rows of the same index key apart, whatever their hash, in both directions', async () => {
      const [first, second] = sameHash()
      for (const sk of [first, second]) {
        const Item = { ...key(sk, 'twins'), dueShard: { S: 'twins#0' }, dueAt: { N: '5' } }
        await server.client.send(new PutItemCommand({ TableName, Item }))
      }
      for (const ScanIndexForward of [true, false]) {
        const found: unknown[] = []
        let start: QueryCommandInput['ExclusiveStartKey']
        do {
          const answer = await server.client.send(
            dueQuery({
              ExpressionAttributeValues: { ':s': { S: 'twins#0' } },
              Limit: 1,
              ScanIndexForward,
              ExclusiveStartKey: start,
            }),
          )
          found.push(...(answer.Items ?? []).map(item => item['sk']?.S))
          start = answer.LastEvaluatedKey
        } while (start && found.length < 5)
        expect(found.toSorted()).toEqual([first, second].toSorted())
      }
      await server.client.send(new DeleteItemCommand({ TableName, Key: key(first, 'twins') }))
      const rest = await server.client.send(dueQuery({ ExpressionAttributeValues: { ':s': { S: 'twins#0' } } }))
      expect(rest.Items?.map(item => item['sk']?.S)).toEqual([second])
    })

    it('indexes every item of a batch', async () => {
      const puts = Array.from({ length: 25 }, (_, n) => ({
        PutRequest: { Item: { ...key(String(n), 'batch'), dueShard: { S: 'batch#0' }, dueAt: { N: String(n) } } },
      }))
      await server.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }))
      const query = dueQuery({ ExpressionAttributeValues: { ':s': { S: 'batch#0' } } })
      expect((await server.client.send(query)).Count).toBe(25)
    })
  })
})

describe('time to live', () => {
  const seconds = (clock: { now(): number }, offset: number) => String(Math.floor(clock.now() / 1000) + offset)
  const start = async () => {
    const folder = await temporaryFolder()
    const clock = virtualClock()
    const server = await testTableServer(folder.path, clock)
    await ensureTable(server.client, TableName)
    const put = (sk: string, ttl: string) =>
      server.client.send(
        new PutItemCommand({
          TableName,
          Item: { ...key(sk), ttl: { N: ttl }, dueShard: { S: 'q#0' }, dueAt: { N: '1' } },
        }),
      )
    return { folder, clock, server, put }
  }

  it('removes an item, and its index entry, once the clock has passed its time', async () => {
    const { folder, clock, server, put } = await start()
    await put('soon', seconds(clock, 10))
    await put('later', seconds(clock, 1000))
    expect(await server.sweepExpired()).toBe(0)
    await clock.advance(11_000)
    expect(await server.sweepExpired()).toBe(1)
    const due = await server.client.send(new ScanCommand({ TableName, IndexName: 'due' }))
    expect(due.Items?.map(item => item['sk']?.S)).toEqual(['later'])
    expect(await get(server.client, 'soon')).toBeUndefined()
    expect(await server.sweepExpired()).toBe(0)
    await server.close()
    await folder.remove()
  })

  it('spares an item whose time was moved, removed or lies more than five years back', async () => {
    const { folder, clock, server, put } = await start()
    await put('moved', seconds(clock, 10))
    await put('moved', seconds(clock, 1000))
    await put('ancient', seconds(clock, -6 * 365 * 24 * 3600))
    await put('freed', seconds(clock, 10))
    await server.client.send(new PutItemCommand({ TableName, Item: { ...key('freed'), ttl: { S: 'no number' } } }))
    await clock.advance(60_000)
    expect(await server.sweepExpired()).toBe(0)
    expect((await server.client.send(new ScanCommand({ TableName }))).Count).toBe(3)
    await server.close()
    await folder.remove()
  })

  it('knows after a restart what expires, and that it is enabled', async () => {
    const { folder, clock, server, put } = await start()
    await put('soon', seconds(clock, 10))
    await server.close()
    const again = await testTableServer(folder.path, clock)
    await clock.advance(11_000)
    expect(await again.sweepExpired()).toBe(1)
    await expect(ensureTable(again.client, TableName)).resolves.toBeUndefined()
    await again.close()
    await folder.remove()
  })

  it('sweeps by itself, without keeping the process alive', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const spied = vi.spyOn(globalThis, 'setInterval')
    try {
      const folder = await temporaryFolder()
      const clock = virtualClock()
      const server = await startTableServer({ port: 0, dataDir: folder.path, clock })
      expect(spied.mock.results.at(-1)?.value.hasRef()).toBe(false)
      const client = tableClient(server.url)
      await ensureTable(client, TableName)
      await client.send(new PutItemCommand({ TableName, Item: { ...key('a'), ttl: { N: seconds(clock, -1) } } }))
      vi.advanceTimersByTime(1000)
      for (let tries = 0; tries < 200 && (await get(client, 'a')); tries++) await turn()
      expect(await get(client, 'a')).toBeUndefined()
      client.destroy()
      await server.close()
      await folder.remove()
    } finally {
      vi.useRealTimers()
      vi.restoreAllMocks()
    }
  })
})

/** Two sort keys in partition `twins` whose 24-bit hash in dynalite's index keys is the same. */
function sameHash(): [string, string] {
  const seen = new Map<string, string>()
  for (let n = 0; ; n++) {
    const sk = `键${n}`
    const hash = createHash('md5').update(`Outlierstwins${sk}`).digest('hex').slice(0, 6)
    const twin = seen.get(hash)
    if (twin) return [twin, sk]
    seen.set(hash, sk)
  }
}
