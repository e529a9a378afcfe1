/** The typed boundary to dynalite 4.0.0, which has no types and whose HTTP front we do not use. */
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'

/** An item in DynamoDB's JSON: attribute name → `{ S: … }`, `{ N: … }`, … */
export type Item = Record<string, Record<string, unknown>>

/** Key attributes of a table or index, the partition key first. */
export type KeySchema = { AttributeName: string; KeyType: string }[]

/** A secondary index as DescribeTable shows it. */
export interface IndexRow {
  IndexName: string
  KeySchema: KeySchema
  Projection: { ProjectionType?: string | undefined; NonKeyAttributes?: string[] | undefined }
  [field: string]: unknown
}

/** A table as DescribeTable shows it; actions read keys and indexes from it. */
export interface TableRow {
  TableName: string
  TableStatus: string
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[]
  KeySchema: KeySchema
  GlobalSecondaryIndexes?: IndexRow[]
  LocalSecondaryIndexes?: IndexRow[]
  [field: string]: unknown
}

/** A validated request. */
export type RequestData = Record<string, unknown>

/** Node's callback style, as dynalite wants it. */
export type Callback<T> = (error?: unknown, value?: T) => void

/** Key bounds within one key space of the database. */
export interface Range {
  gt?: string
  gte?: string
  lt?: string
  lte?: string
  reverse?: boolean
  /** -1: no limit */
  limit?: number
}

/** One change of a batch that is written whole or not at all. */
export type Change = { type: 'put'; key: string; value: unknown } | { type: 'del'; key: string }

/** Runs `work` once the key is free; `release(done)` gives a `done` that frees it again. */
export type Lock = (key: string, work: (release: <T>(done: Callback<T>) => Callback<T>) => void) => void

/** The LevelDB database that dynalite opens: keys are text, values JSON. */
export interface Level {
  open(): Promise<void>
  close(): Promise<void>
  getSync(key: string): unknown
  batch(changes: Change[]): Promise<void>
  clear(range: Range): Promise<void>
  iterator(range: Range): { nextv(size: number): Promise<[string, unknown][]>; close(): Promise<void> }
}

/** What actions need of the items of a table. */
export interface ItemDb {
  lock: Lock
  get(key: string, done: Callback<Item>): void
  put(key: string, item: Item, done: Callback<void>): void
  del(key: string, done: Callback<void>): void
  createValueStream(range: Range): Readable
}

/** What actions need of an index; changes take effect with the item's. */
export type IndexDb = Omit<ItemDb, 'lock' | 'get'>

/** What validations need of a store. */
export interface Limits {
  /** bytes */
  options: { maxItemSize: number }
}

/** What actions need of a store; ours is {@link import('./itemStore.ts')}. */
export interface ActionStore extends Limits {
  tableDb: { createKeyStream(): Readable }
  getTable(name: string, ...rest: [Callback<TableRow>] | [boolean, Callback<TableRow>]): void
  getItemDb(table: string): ItemDb
  getIndexDb(type: string, table: string, index: string): IndexDb
}

/** One operation of dynalite. */
export type Action = (store: ActionStore, data: RequestData, done: Callback<object>) => void

/** Rules of a request: its types, and a check of what types cannot say. */
export interface Validation {
  types: Record<string, unknown>
  custom?: (data: RequestData, store: Limits) => string | undefined
}

interface DbModule {
  create(options: { path: string }): { db: Level; getItemDb(table: string): { lock: Lock } }
  createKey(item: Item, table: TableRow): string
  getIndexActions(
    indexes: IndexRow[],
    existing: Item | undefined,
    item: Item | undefined,
    table: TableRow,
  ): { puts: { index: string; key: string; item: Item }[] }
}

interface ValidationsModule {
  /** Drops what `types` does not name; throws for wrong types. */
  checkTypes(data: object, types: Validation['types']): RequestData
  /** Throws for broken rules; parses the expressions into `data`. */
  checkValidations(data: RequestData, types: Validation['types'], custom: Validation['custom'], store: Limits): void
}

const load = createRequire(import.meta.url)

/** dynalite's database module: opening, keys and indexes. */
export const dynaliteDb: DbModule = load('dynalite/db')

/** dynalite's request checks. */
export const dynaliteChecks: ValidationsModule = load('dynalite/validations')

/** The action of an operation, by its file name (`putItem`). */
export function dynaliteAction(name: string): Action {
  return load(`dynalite/actions/${name}`)
}

/** The rules of an operation's request, by its file name (`putItem`). */
export function dynaliteValidation(name: string): Validation {
  return load(`dynalite/validations/${name}`)
}
