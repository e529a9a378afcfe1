/** CreateTable, DeleteTable and UpdateTable: done when they answer, so tables are ACTIVE at once. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ApiError, validationError } from './apiError.ts'
import type { IndexRow, RequestData, TableRow } from './dynalite.ts'
import type { ExpiryIndex } from './expiryIndex.ts'
import type { ItemStore } from './itemStore.ts'
import { readRequest } from './readRequest.ts'

const ARN_PREFIX = 'arn:aws:dynamodb:us-east-1:000000000000:table/'
const NO_THROUGHPUT = { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 }

const KeyPart = z.object({ AttributeName: z.string(), KeyType: z.string() })
const Attribute = z.object({ AttributeName: z.string(), AttributeType: z.string() })
const Index = z.object({
  IndexName: z.string().min(3),
  KeySchema: z.array(KeyPart).min(1).max(2),
  Projection: z.object({
    ProjectionType: z.enum(['ALL', 'INCLUDE', 'KEYS_ONLY']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
})

const CreateRequest = z.object({
  TableName: z.string(),
  AttributeDefinitions: z.array(Attribute),
  KeySchema: z.array(KeyPart),
  BillingMode: z.string().optional(),
  GlobalSecondaryIndexes: z.array(Index).optional(),
  LocalSecondaryIndexes: z.array(Index).optional(),
})

const UpdateRequest = z.object({
  TableName: z.string(),
  AttributeDefinitions: z.array(Attribute).default([]),
  BillingMode: z.enum(['PAY_PER_REQUEST', 'PROVISIONED']).optional(),
  GlobalSecondaryIndexUpdates: z
    .array(
      z.object({
        Create: Index.optional(),
        Delete: z.object({ IndexName: z.string() }).optional(),
      }),
    )
    .default([]),
})

/** The operations that change tables. */
export interface TableOperations {
  create(request: RequestData): Promise<object>
  remove(request: RequestData): Promise<object>
  update(request: RequestData): Promise<object>
}

/** Table operations on `store`, one after another. `create` expects a request that dynalite's rules have passed. */
export function tableOperations(store: ItemStore, expiries: ExpiryIndex): TableOperations {
  const inTurn = oneAtATime()
  return {
    create: request =>
      inTurn(async () => {
        const wanted = readRequest(CreateRequest, request)
        if (store.hasTable(wanted.TableName)) {
          throw new ApiError('ResourceInUseException', `Table already exists: ${wanted.TableName}`)
        }
        // A kill during DeleteTable may have left items behind.
        await store.clearTable(wanted.TableName)
        const row = newTable(wanted)
        await store.putTable(row)
        return { TableDescription: row }
      }),

    remove: request =>
      inTurn(async () => {
        const row = store.table(String(request['TableName']))
        expiries.forget(row.TableName)
        await store.clearTable(row.TableName)
        return { TableDescription: { ...row, TableStatus: 'DELETING' } }
      }),

    update: request =>
      inTurn(async () => {
        const wanted = readRequest(UpdateRequest, request)
        const table = store.table(wanted.TableName)
        let row: TableRow = { ...table, ...billing(wanted.BillingMode) }
        row.AttributeDefinitions = merged(row.AttributeDefinitions, wanted.AttributeDefinitions)
        for (const { Create, Delete } of wanted.GlobalSecondaryIndexUpdates) {
          if (Create) row = await addIndex(store, row, newIndex(row.TableName, Create))
          if (Delete) row = await removeIndex(store, row, Delete.IndexName)
        }
        await store.putTable(row)
        return { TableDescription: row }
      }),
  }
}

function newTable(wanted: z.infer<typeof CreateRequest>): TableRow {
  const { TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes } = wanted
  const indexes = (list: z.infer<typeof Index>[]) => list.map(index => newIndex(TableName, index))
  return {
    TableName,
    TableStatus: 'ACTIVE',
    TableArn: ARN_PREFIX + TableName,
    TableId: randomUUID(),
    CreationDateTime: Date.now() / 1000,
    AttributeDefinitions,
    KeySchema,
    ItemCount: 0,
    TableSizeBytes: 0,
    ProvisionedThroughput: NO_THROUGHPUT,
    ...billing(wanted.BillingMode),
    ...(GlobalSecondaryIndexes ? { GlobalSecondaryIndexes: indexes(GlobalSecondaryIndexes) } : {}),
    ...(LocalSecondaryIndexes ? { LocalSecondaryIndexes: indexes(LocalSecondaryIndexes) } : {}),
  }
}

function newIndex(table: string, wanted: z.infer<typeof Index>): IndexRow {
  return {
    ...wanted,
    IndexArn: `${ARN_PREFIX}${table}/index/${wanted.IndexName}`,
    IndexStatus: 'ACTIVE',
    IndexSizeBytes: 0,
    ItemCount: 0,
    ProvisionedThroughput: NO_THROUGHPUT,
  }
}

function billing(mode: string | undefined): object {
  return mode === undefined ? {} : { BillingModeSummary: { BillingMode: mode } }
}

function merged(present: TableRow['AttributeDefinitions'], added: TableRow['AttributeDefinitions']) {
  const names = new Set(present.map(attribute => attribute.AttributeName))
  return [...present, ...added.filter(attribute => !names.has(attribute.AttributeName))]
}

/** Writes after this keep the index; then the items already there are entered. */
async function addIndex(store: ItemStore, table: TableRow, index: IndexRow): Promise<TableRow> {
  const present = table.GlobalSecondaryIndexes ?? []
  if (present.some(other => other.IndexName === index.IndexName)) {
    throw validationError(`Attempting to create an index which already exists: ${index.IndexName}`)
  }
  const defined = new Set(table.AttributeDefinitions.map(attribute => attribute.AttributeName))
  if (!index.KeySchema.every(part => defined.has(part.AttributeName))) {
    throw validationError(`An index key attribute of ${index.IndexName} is not in AttributeDefinitions`)
  }
  await store.clearIndex(table.TableName, index.IndexName)
  const row = { ...table, GlobalSecondaryIndexes: [...present, index] }
  await store.putTable(row)
  await store.fillIndex(row, index)
  return row
}

async function removeIndex(store: ItemStore, table: TableRow, name: string): Promise<TableRow> {
  const rest = (table.GlobalSecondaryIndexes ?? []).filter(index => index.IndexName !== name)
  if (rest.length === (table.GlobalSecondaryIndexes ?? []).length) {
    throw new ApiError('ResourceNotFoundException', `Requested resource not found: Index: ${name} not found`)
  }
  const row: TableRow = { ...table, GlobalSecondaryIndexes: rest }
  if (rest.length === 0) delete row.GlobalSecondaryIndexes
  await store.putTable(row)
  await store.clearIndex(table.TableName, name)
  return row
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const next = last.then(work, work)
    last = next
    return next
  }
}
