/** The Table port over the calls of DynamoDB, whoever makes them. */
import type {
  DeleteItemCommandInput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  QueryCommandInput,
  QueryCommandOutput,
} from '@aws-sdk/client-dynamodb'
import type { Random } from '../ports/random.ts'
import type { DueRow, ListQuery, Page, PutResult, Row, RowDraft, RowKey, Table } from '../ports/table.ts'
import { toAttribute } from './attributeValue.ts'
import { cursorAfter, cursorKey } from './tableCursor.ts'
import { tableFailure } from './tableFailure.ts'
import { dueShard, itemDue, itemKey, itemRow, keyItem, rowItem, type TableItem } from './tableItem.ts'
import { DUE_INDEX, DUE_SHARDS } from './tableSchema.ts'

const OP_BYTES = 16

/** Rows read at least per page of a filtered list: most of them may not match. */
const FILTERED_PAGE_ROWS = 100

/** After this many pages a list answers what it has, so that a filter that matches nothing cannot run on for ever. */
const MAX_PAGES = 10

const IS_NEW = 'attribute_not_exists(pk)'
const IS_EXPECTED = 'v = :expected'

/** How a call may be stopped. */
export interface CallOptions {
  abortSignal?: AbortSignal
}

/**
 * The calls. A refusal is an error with the service's own `name`, with `$fault`, and where a condition failed with the
 * `Item` that was met; `$metadata.attempts` counts the attempts.
 */
export interface DynamoCalls {
  getItem(input: GetItemCommandInput, options: CallOptions): Promise<Pick<GetItemCommandOutput, 'Item'>>
  putItem(input: PutItemCommandInput, options: CallOptions): Promise<unknown>
  deleteItem(input: DeleteItemCommandInput, options: CallOptions): Promise<unknown>
  query(input: QueryCommandInput, options: CallOptions): Promise<Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'>>
}

/** What the table needs. */
export interface TableOverOptions {
  tableName: string
  calls: DynamoCalls
  /** Stamps each write, so that a repeated attempt recognises its own success. */
  random: Random
}

/**
 * The table. Throws `AppError`: `STORE_UNAVAILABLE` when DynamoDB cannot be reached or throttles,
 * `INVALID_REQUEST` for a foreign cursor, `INTERNAL` for data that is not JSON and for refused calls.
 */
export function tableOver({ tableName: TableName, calls, random }: TableOverOptions): Table {
  return {
    get: <T>(key: RowKey, signal?: AbortSignal) =>
      guarded(signal, async options => {
        const { Item } = await calls.getItem({ TableName, Key: keyItem(key), ConsistentRead: true }, options)
        return Item && itemRow<T>(Item)
      }),

    put: <T>(draft: RowDraft<T>, expected: number, signal?: AbortSignal) =>
      guarded(signal, async (options): Promise<PutResult<T>> => {
        const op = Buffer.from(random.bytes(OP_BYTES)).toString('hex')
        const Item = rowItem({ ...draft, version: expected + 1 }, op)
        try {
          await calls.putItem({ TableName, Item, ...onlyIf(expected) }, options)
        } catch (error) {
          const { current } = lost(error)
          // The SDK repeats a call whose answer was lost; the row it then meets may be its own.
          if (current?.['op']?.S !== op) return { ok: false, current: current && itemRow<T>(current) }
        }
        return { ok: true, row: itemRow<T>(Item) }
      }),

    remove: (key, expected, signal) =>
      guarded(signal, async options => {
        if (expected === 0) return false
        try {
          await calls.deleteItem({ TableName, Key: keyItem(key), ...onlyIf(expected) }, options)
          return true
        } catch (error) {
          const { current, attempts } = lost(error)
          // Nothing there after a repeated attempt: an earlier attempt of this call removed it.
          return !current && attempts > 1
        }
      }),

    list: <T>(pk: string, query: ListQuery, signal?: AbortSignal) =>
      guarded(signal, async (options): Promise<Page<Row<T>>> => {
        let start = cursorKey(pk, query)
        const rows: Row<T>[] = []
        for (let page = 0; page < MAX_PAGES; page++) {
          // One more than asked for tells whether this is the end.
          const missing = query.limit + 1 - rows.length
          const input: QueryCommandInput = {
            TableName,
            ...listConditions(pk, query),
            ConsistentRead: true,
            ScanIndexForward: !query.descending,
            Limit: query.where ? Math.max(missing, FILTERED_PAGE_ROWS) : missing,
            ExclusiveStartKey: start && keyItem(start),
          }
          const { Items = [], LastEvaluatedKey } = await calls.query(input, options)
          rows.push(...Items.map(item => itemRow<T>(item)))
          if (rows.length > query.limit) {
            const items = rows.slice(0, query.limit)
            return { items, cursor: cursorAfter(items.at(-1) ?? { pk, sk: '' }) }
          }
          if (!LastEvaluatedKey) return { items: rows, cursor: undefined }
          start = itemKey(LastEvaluatedKey)
        }
        return { items: rows, cursor: start && cursorAfter(start) }
      }),

    due: (queue, until, limit, signal) =>
      guarded(signal, async options => {
        const ofShard = async (shard: number): Promise<DueRow[]> => {
          const rows: DueRow[] = []
          let start: TableItem | undefined
          do {
            const input: QueryCommandInput = {
              TableName,
              IndexName: DUE_INDEX,
              KeyConditionExpression: 'dueShard = :shard AND dueAt <= :until',
              ExpressionAttributeValues: { ':shard': { S: dueShard(queue, shard) }, ':until': { N: String(until) } },
              Limit: limit - rows.length,
              ExclusiveStartKey: start,
            }
            const { Items = [], LastEvaluatedKey } = await calls.query(input, options)
            rows.push(...Items.map(itemDue))
            start = LastEvaluatedKey
          } while (start && rows.length < limit)
          return rows
        }
        const shards = await Promise.all(Array.from({ length: DUE_SHARDS }, (_, shard) => ofShard(shard)))
        return shards
          .flat()
          .sort((a, b) => a.at - b.at)
          .slice(0, limit)
      }),
  }
}

/** Runs calls under the caller's signal; every failure leaves as AppError. */
async function guarded<T>(
  signal: AbortSignal | undefined,
  work: (options: { abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await work(signal ? { abortSignal: signal } : {})
  } catch (error) {
    throw tableFailure(error, signal)
  }
}

/** The condition of a write, and that its loser is told the row that won. */
function onlyIf(expected: number) {
  return {
    ...(expected === 0
      ? { ConditionExpression: IS_NEW }
      : { ConditionExpression: IS_EXPECTED, ExpressionAttributeValues: { ':expected': { N: String(expected) } } }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

/** What a lost conditional write met; throws every other error on. */
function lost(error: unknown): { current: TableItem | undefined; attempts: number } {
  if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error
  const { Item: current, $metadata: { attempts = 1 } = {} }: LostWrite = error
  return { current, attempts }
}

interface LostWrite extends Error {
  Item?: TableItem
  $metadata?: { attempts?: number | undefined }
}

function listConditions(pk: string, { prefix, from, descending, where = {} }: ListQuery) {
  const fields = Object.entries(where)
  const onwards = from ? ` AND sk ${descending ? '<=' : '>='} :from` : ''
  const range = prefix ? ' AND begins_with(sk, :prefix)' : onwards
  const values: TableItem = { ':pk': { S: pk } }
  if (prefix) values[':prefix'] = { S: prefix }
  else if (from) values[':from'] = { S: from }
  for (const [index, [, value]] of fields.entries()) values[`:w${index}`] = toAttribute(value)
  return {
    KeyConditionExpression: `pk = :pk${range}`,
    ExpressionAttributeValues: values,
    ...(fields.length > 0 && {
      FilterExpression: fields.map((_, index) => `#data.#w${index} = :w${index}`).join(' AND '),
      // By name: `data` and many field names are reserved words.
      ExpressionAttributeNames: Object.fromEntries([
        ['#data', 'data'],
        ...fields.map(([field], index) => [`#w${index}`, field]),
      ]),
    }),
  }
}
