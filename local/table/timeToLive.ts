/** UpdateTimeToLive, DescribeTimeToLive and the sweep that removes what has expired. */
import { z } from 'zod'
import type { Clock } from '../../shared/ports/clock.ts'
import { hasAnswer, validationError } from './apiError.ts'
import type { Item, RequestData } from './dynalite.ts'
import { type ExpiryIndex, isExpired } from './expiryIndex.ts'
import type { ItemStore } from './itemStore.ts'
import { readRequest } from './readRequest.ts'

const UpdateRequest = z.object({
  TableName: z.string(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string().min(1).max(255), Enabled: z.boolean() }),
})

const DescribeRequest = z.object({ TableName: z.string() })

/** Runs one operation of the server's own, by its API name. */
export type Execute = (operation: string, request: RequestData) => Promise<object>

/** Time to live for the tables of one store. */
export interface TimeToLive {
  update(request: RequestData): Promise<object>
  describe(request: RequestData): Promise<object>
  /** Removes every expired item and tells how many went. */
  sweep(execute: Execute): Promise<number>
}

/** Builds time to live over `store`, having read the settings and expiry times that are there already. */
export async function timeToLive(store: ItemStore, expiries: ExpiryIndex, clock: Clock): Promise<TimeToLive> {
  for await (const [table, attribute] of store.timeToLiveAttributes()) {
    await expiries.watch(table, attribute, store.items(table))
  }

  return {
    async update(request) {
      const { TableName, TimeToLiveSpecification: wanted } = readRequest(UpdateRequest, request)
      store.table(TableName)
      const present = expiries.attribute(TableName)
      if (wanted.Enabled === (present !== undefined)) {
        throw validationError(`TimeToLive is already ${wanted.Enabled ? 'enabled' : 'disabled'}`)
      }
      if (wanted.Enabled) {
        await store.putTimeToLiveAttribute(TableName, wanted.AttributeName)
        await expiries.watch(TableName, wanted.AttributeName, store.items(TableName))
      } else {
        await store.putTimeToLiveAttribute(TableName, undefined)
        expiries.forget(TableName)
      }
      return { TimeToLiveSpecification: wanted }
    },

    async describe(request) {
      const { TableName } = readRequest(DescribeRequest, request)
      store.table(TableName)
      const attribute = expiries.attribute(TableName)
      return {
        TimeToLiveDescription: attribute
          ? { TimeToLiveStatus: 'ENABLED', AttributeName: attribute }
          : { TimeToLiveStatus: 'DISABLED' },
      }
    },

    async sweep(execute) {
      let removed = 0
      for (const { table, key } of expiries.expired(clock.now())) {
        const item = store.item(table, key)
        const attribute = expiries.attribute(table)
        if (!attribute) continue
        const value = item?.[attribute]
        if (!item || !isExpired(value, clock.now())) expiries.note(table, key, item)
        else if (await removeIf(item, attribute, table)) removed++
      }
      return removed

      /** The condition spares an item that is written between our look and the removal. */
      async function removeIf(item: Item, attribute: string, table: string): Promise<boolean> {
        const names = store.table(table).KeySchema.map(part => part.AttributeName)
        try {
          await execute('DeleteItem', {
            TableName: table,
            Key: Object.fromEntries(names.map(name => [name, item[name]])),
            ConditionExpression: '#expiry = :seen',
            ExpressionAttributeNames: { '#expiry': attribute },
            ExpressionAttributeValues: { ':seen': item[attribute] },
          })
          return true
        } catch (error) {
          if (hasAnswer(error) && error.body.__type.endsWith('#ConditionalCheckFailedException')) return false
          throw error
        }
      }
    },
  }
}
