import { DeleteItemCommand, type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureTable } from '../../local/table/ensureTable.ts'
import { AppError } from '../../shared/core/errors.ts'
import type { Table } from '../../shared/ports/table.ts'
import { dynamoTable } from '../../shared/stores/dynamoTable.ts'
import { DUE_SHARDS } from '../../shared/stores/tableSchema.ts'
import { type TestTableServer, tableClient, temporaryFolder, testTableServer } from '../local/tableServer.ts'
import { seededRandom } from '../support/seededRandom.ts'

const tableName = 'sucai'

describe('dynamoTable', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: TestTableServer
  let table: Table
  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await testTableServer(folder.path)
    await ensureTable(server.client, tableName)
    table = tableOn(server.client)
  })
  afterAll(async () => {
    await server.close()
    await folder.remove()
  })

  const tableOn = (client: DynamoDBClient, seed = 1) =>
    dynamoTable({ tableName, client: () => client, random: seededRandom(seed) })
  const draft = (sk: string, data: Record<string, string> = {}) => ({ pk: '分区', sk, schemaVersion: 1, data })

  /** A client whose first answer to `command` is lost after the server has acted; `meanwhile` happens then. */
  const losingClient = (command: string, meanwhile: () => Promise<unknown> = async () => {}, maxAttempts = 3) => {
    const client = tableClient(server.url, { maxAttempts })
    let lost = false
    client.middlewareStack.add(
      (next, context) => async args => {
        const answer = await next(args)
        if (lost || context.commandName !== command) return answer
        lost = true
        await meanwhile()
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      },
      { step: 'deserialize', priority: 'high' },
    )
    return client
  }

  describe('when the answer to an applied write is lost', () => {
    it.each([0, 1])('recognises its own put over version %i in the SDK’s repetition', async expected => {
      const sk = `own-${expected}`
      if (expected === 1) await table.put(draft(sk), 0)
      const put = await tableOn(losingClient('PutItemCommand'), 2).put(draft(sk, { by: 'me' }), expected)
      const row = { ...draft(sk, { by: 'me' }), version: expected + 1 }
      expect(put).toStrictEqual({ ok: true, row })
      expect(await table.get({ pk: '分区', sk })).toStrictEqual(row)
    })

    it('does not take another’s write in between for its own', async () => {
      const meanwhile = () => table.put(draft('other', { by: 'another' }), 1)
      const put = await tableOn(losingClient('PutItemCommand', meanwhile), 2).put(draft('other', { by: 'me' }), 0)
      expect(put).toMatchObject({ ok: false, current: { version: 2, data: { by: 'another' } } })
    })

    it('does not take an equal write of another caller for its own', async () => {
      await tableOn(server.client, 7).put(draft('equal', { by: 'same' }), 0)
      const put = await tableOn(server.client, 8).put(draft('equal', { by: 'same' }), 0)
      expect(put.ok).toBe(false)
    })

    it('tells that it removed the row', async () => {
      await table.put(draft('removed'), 0)
      const removed = await tableOn(losingClient('DeleteItemCommand')).remove(draft('removed'), 1)
      expect(removed).toBe(true)
    })

    it('does not claim a removal when the row stands again', async () => {
      await table.put(draft('again'), 0)
      const meanwhile = () => table.put(draft('again'), 0).then(() => table.put(draft('again'), 1))
      expect(await tableOn(losingClient('DeleteItemCommand', meanwhile)).remove(draft('again'), 1)).toBe(false)
      expect(await table.get(draft('again'))).toMatchObject({ version: 2 })
    })

    it('answers STORE_UNAVAILABLE when no repetition is left', async () => {
      const error = await tableOn(losingClient('PutItemCommand', undefined, 1))
        .put(draft('unclear'), 0)
        .catch((failure: unknown) => failure)
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { code: 'ECONNRESET' } })
    })
  })

  describe('failures', () => {
    /** A client that fails with this before anything is sent. */
    const failing = (error: unknown) => {
      const client = tableClient(server.url, { maxAttempts: 1 })
      client.middlewareStack.add(
        () => async () => {
          throw error
        },
        { step: 'deserialize' },
      )
      return tableOn(client)
    }
    const service = (name: string, $fault: 'client' | 'server') => Object.assign(new Error(name), { name, $fault })
    const calls: [string, (table: Table) => Promise<unknown>][] = [
      ['get', on => on.get(draft('a'))],
      ['put', on => on.put(draft('a'), 0)],
      ['remove', on => on.remove(draft('a'), 1)],
      ['list', on => on.list('p', { limit: 1 })],
      ['due', on => on.due('q', 1, 1)],
    ]

    it.each([
      ['ProvisionedThroughputExceededException', 'client', 'STORE_UNAVAILABLE'],
      ['ThrottlingException', 'client', 'STORE_UNAVAILABLE'],
      ['RequestLimitExceeded', 'client', 'STORE_UNAVAILABLE'],
      ['InternalServerError', 'server', 'STORE_UNAVAILABLE'],
      ['ValidationException', 'client', 'INTERNAL'],
      ['AccessDeniedException', 'client', 'INTERNAL'],
    ] as const)('turns %s into an AppError with the cause', async (name, fault, code) => {
      const cause = service(name, fault)
      for (const [, call] of calls) {
        const error = await call(failing(cause)).catch((failure: unknown) => failure)
        expect(error).toBeInstanceOf(AppError)
        expect(error).toMatchObject({ code, cause })
      }
    })

    it.each(calls)('answers STORE_UNAVAILABLE to %s when nobody listens', async (_, call) => {
      const client = tableClient('http://127.0.0.1:1', { maxAttempts: 1 })
      await expect(call(tableOn(client))).rejects.toMatchObject({ name: 'AppError', code: 'STORE_UNAVAILABLE' })
    })

    it('passes the caller’s own reason for an abort on', async () => {
      const reason = new AppError('OUT_OF_TIME', 'The function ran out of time.')
      await expect(table.get(draft('a'), AbortSignal.abort(reason))).rejects.toBe(reason)
    })

    it('answers INTERNAL to an item that is no row', async () => {
      const Item = { pk: { S: '分区' }, sk: { S: 'foreign' } }
      await server.client.send(new PutItemCommand({ TableName: tableName, Item }))
      await expect(table.get(draft('foreign'))).rejects.toMatchObject({ name: 'AppError', code: 'INTERNAL' })
      await server.client.send(new DeleteItemCommand({ TableName: tableName, Key: Item }))
    })
  })

  it('makes its client at the first call, once', async () => {
    let made = 0
    const lazy = dynamoTable({
      tableName,
      random: seededRandom(),
      client() {
        made++
        return server.client
      },
    })
    expect(made).toBe(0)
    await lazy.get(draft('a'))
    await lazy.get(draft('a'))
    expect(made).toBe(1)
  })

  it('spreads a queue over all shards', async () => {
    for (let n = 0; n < 60; n++) await table.put({ ...draft(`shard${n}`), due: { queue: 'wide', at: n } }, 0)
    const counts = await Promise.all(
      Array.from({ length: DUE_SHARDS }, async (_, shard) => {
        const query = new QueryCommand({
          TableName: tableName,
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :s',
          ExpressionAttributeValues: { ':s': { S: `wide#${shard}` } },
        })
        return (await server.client.send(query)).Count ?? 0
      }),
    )
    expect(counts.reduce((sum, count) => sum + count)).toBe(60)
    for (const count of counts) expect(count).toBeGreaterThan(5)
  })

  it('ends a page with a cursor after a bounded number of reads when nothing matches', async () => {
    let reads = 0
    const client = tableClient(server.url)
    client.middlewareStack.add(
      next => async args => {
        reads++
        return next(args)
      },
      { step: 'build' },
    )
    const keys = Array.from({ length: 1100 }, (_, n) => String(n).padStart(4, '0'))
    for (let from = 0; from < keys.length; from += 100) {
      const some = keys.slice(from, from + 100)
      await Promise.all(
        some.map(sk => table.put({ pk: 'long', sk, schemaVersion: 1, data: { hit: sk === '1050' } }, 0)),
      )
    }
    const first = await tableOn(client).list('long', { limit: 5, where: { hit: true } })
    expect(first.items).toEqual([])
    expect(reads).toBe(10)
    const rest = await table.list('long', { limit: 5, where: { hit: true }, cursor: first.cursor ?? '' })
    expect(rest.items.map(row => row.sk)).toEqual(['1050'])
    expect(rest.cursor).toBeUndefined()
  })
})
