/** Rows past their `ttl`, which nothing on WeChat Cloud removes but the sweeper's timer. */
import { afterEach, describe, expect, it } from 'vitest'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import { AppError } from '../../shared/core/errors.ts'
import type { Table } from '../../shared/ports/table.ts'
import { cloudTable } from '../../shared/stores/cloudTable.ts'
import { TEST_COLLECTION, testCloudBase } from '../support/cloudBase.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { type World, world } from '../support/world.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const closable of opened.splice(0)) await closable.close()
})

async function collection(): Promise<Table> {
  const cloud = await testCloudBase()
  opened.push(cloud)
  return cloudTable({ collection: TEST_COLLECTION, client: cloud.client, random: seededRandom() })
}

const rowAt = (sk: string, ttl?: number) => ({
  ...{ pk: 'NONCE#wx', sk, schemaVersion: 1, data: { 名: '签名' } },
  ...(ttl !== undefined && { ttl }),
})
const seconds = (service: World): number => Math.floor(service.clock.now() / 1000)
const sweep = (service: World, table: Table) => service.run(sweepUploads, { trigger: 'schedule' }, { ports: { table } })

describe('the sweeper', () => {
  it('removes rows whose time is over, and only those', async () => {
    await using service = await world()
    const table = await collection()
    const now = seconds(service)
    for (const row of [rowAt('over', now - 1), rowAt('just', now), rowAt('later', now + 1), rowAt('for ever')]) {
      await table.put(row, 0)
    }
    expect(await table.get(rowAt('over'))).toBeDefined()
    expect(await sweep(service, table)).toEqual({ swept: 0, collected: 2 })
    const left = await table.list('NONCE#wx', { limit: 10 })
    expect(left.items.map(({ sk }) => sk)).toEqual(['for ever', 'later'])
    expect(await sweep(service, table)).toEqual({ swept: 0 })
  })

  it('leaves a row that was given more time while it was about to be removed', async () => {
    await using service = await world()
    const table = await collection()
    const now = seconds(service)
    const put = await table.put(rowAt('签', now - 1), 0)
    const meanwhile: Table = {
      ...table,
      async expired(...asked) {
        const found = await table.expired?.(...asked)
        if (put.ok) await table.put(rowAt('签', now + 60), put.row.version)
        return found ?? []
      },
    }
    expect(await sweep(service, meanwhile)).toEqual({ swept: 0 })
    expect(await table.get(rowAt('签'))).toMatchObject({ ttl: now + 60 })
  })

  it('removes a bounded number a run, those that are over longest first, and goes on the next time', async () => {
    await using service = await world()
    const table = await collection()
    const now = seconds(service)
    await Promise.all(Array.from({ length: 130 }, (_, age) => table.put(rowAt(`row${age}`, now - age), 0)))
    expect(await sweep(service, table)).toEqual({ swept: 0, collected: 100 })
    const left = await table.list<unknown>('NONCE#wx', { limit: 200 })
    expect(Math.min(...left.items.map(({ ttl = 0 }) => ttl))).toBe(now - 29)
    expect(await sweep(service, table)).toEqual({ swept: 0, collected: 30 })
  })

  it('does its own work although nothing can be collected', async () => {
    await using service = await world()
    const failing: Table = {
      ...(await collection()),
      expired: async () => Promise.reject(new AppError('STORE_UNAVAILABLE', 'The table cannot be reached.')),
    }
    expect(await sweep(service, failing)).toEqual({ swept: 0 })
    expect(service.lines()).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })
})
