/** Tables, items and indexes in one LevelDB database, in the form dynalite's actions work on. */
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ApiError } from './apiError.ts'
import {
  type ActionStore,
  type Callback,
  type Change,
  dynaliteDb,
  type IndexDb,
  type IndexRow,
  type Item,
  type ItemDb,
  type Level,
  type Limits,
  type Range,
  type RequestData,
  type TableRow,
} from './dynalite.ts'
import { entries, LAST, valueStream } from './levelEntries.ts'

const LIMITS: Limits = { options: { maxItemSize: 400 * 1024 } }

const TABLES = 'table~'
const TIMES_TO_LIVE = 'ttl~'
const itemsOf = (table: string) => `item-${table}~`
const indexesOf = (type: string, table: string) => `index-${type.toLowerCase()}~${table}~`

/** Another process (or this one) has the same database open. `message` may be shown to the operator. */
export class DataDirInUseError extends Error {
  readonly dataDir: string

  constructor(dataDir: string, cause: unknown) {
    super(`another process uses ${dataDir}: stop it, or choose another DATA_DIR`, { cause })
    this.name = 'DataDirInUseError'
    this.dataDir = dataDir
  }
}

/** One request's sight of the store. */
export interface RequestView {
  store: ActionStore
  /** The item as a conditional write saw it under its lock. */
  lastRead(): Item | undefined
}

/** The database behind the table server. A write is acknowledged once the kernel has it, so it survives kill -9. */
export interface ItemStore {
  limits: Limits
  /** The table's row; throws ResourceNotFoundException. */
  table(name: string): TableRow
  hasTable(name: string): boolean
  putTable(row: TableRow): Promise<void>
  /** The tables with time to live enabled, and their attribute. */
  timeToLiveAttributes(): AsyncIterable<[string, string]>
  /** Enables time to live, or with `undefined` disables it. */
  putTimeToLiveAttribute(table: string, attribute: string | undefined): Promise<void>
  /** Forgets the table and everything in it. */
  clearTable(name: string): Promise<void>
  /** Drops one index's entries. */
  clearIndex(table: string, index: string): Promise<void>
  /** Writes the entries that `index` is missing for the items already there. */
  fillIndex(row: TableRow, index: IndexRow): Promise<void>
  /** The item under a database key. */
  item(table: string, key: string): Item | undefined
  /** Every item of a table with its database key. */
  items(table: string): AsyncIterable<[string, Item]>
  /** A sight for one request; `fail` hears of an action that throws instead of calling back. */
  view(data: RequestData, fail: (error: unknown) => void): RequestView
  close(): Promise<void>
}

/** Told of every item written (`undefined`: removed), after the write. */
export type WriteListener = (table: string, key: string, item: Item | undefined) => void

/** Opens or creates the database in `dataDir`; throws {@link DataDirInUseError}. */
export async function openItemStore(dataDir: string, onWrite: WriteListener): Promise<ItemStore> {
  const path = join(dataDir, 'table')
  const { db: level, getItemDb } = dynaliteDb.create({ path })
  await level.open().catch((error: unknown) => {
    throw isLocked(error) ? new DataDirInUseError(path, error) : error
  })
  const item = (table: string, key: string) => level.getSync(itemsOf(table) + key) as Item | undefined

  const table = (name: string): TableRow => {
    const row = level.getSync(TABLES + name) as TableRow | undefined
    if (!row) throw new ApiError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`)
    return row
  }

  const store: ItemStore = {
    limits: LIMITS,
    table,
    item,
    hasTable: name => level.getSync(TABLES + name) !== undefined,
    putTable: row => level.batch([{ type: 'put', key: TABLES + row.TableName, value: row }]),
    async *timeToLiveAttributes() {
      for await (const [key, attribute] of entries(level, { gte: TIMES_TO_LIVE, lt: TIMES_TO_LIVE + LAST })) {
        yield [key.slice(TIMES_TO_LIVE.length), String(attribute)]
      }
    },
    putTimeToLiveAttribute: (name, attribute) =>
      level.batch([
        attribute === undefined
          ? { type: 'del', key: TIMES_TO_LIVE + name }
          : { type: 'put', key: TIMES_TO_LIVE + name, value: attribute },
      ]),
    async clearTable(name) {
      await level.batch([
        { type: 'del', key: TABLES + name },
        { type: 'del', key: TIMES_TO_LIVE + name },
      ])
      for (const prefix of [itemsOf(name), indexesOf('global', name), indexesOf('local', name)]) {
        await level.clear({ gte: prefix, lt: prefix + LAST })
      }
    },
    clearIndex(name, index) {
      const prefix = `${indexesOf('global', name)}${index}~`
      return level.clear({ gte: prefix, lt: prefix + LAST })
    },
    async fillIndex(row, index) {
      for await (const [key] of store.items(row.TableName)) {
        await new Promise<void>((resolve, reject) => {
          getItemDb(row.TableName).lock(key, release => {
            const done = release<void>(error => (error ? reject(error) : resolve()))
            const { puts } = dynaliteDb.getIndexActions([index], undefined, item(row.TableName, key), row)
            const prefix = `${indexesOf('global', row.TableName)}${index.IndexName}~`
            const changes = puts.map(put => indexChange({ type: 'put', key: prefix + put.key, value: put.item }, key))
            finish(level.batch(changes), done)
          })
        })
      }
    },
    async *items(name) {
      const prefix = itemsOf(name)
      for await (const [key, value] of entries(level, { gte: prefix, lt: prefix + LAST })) {
        yield [key.slice(prefix.length), value as Item]
      }
    },
    view(data, fail) {
      const pending: Change[] = []
      let read: Item | undefined

      const itemDb = (name: string): ItemDb => {
        // dynalite changes the indexes first and the item last, with nothing asynchronous in between (reads are
        // synchronous here), so what is pending belongs to this item: one batch, never an item without its entries.
        const write = (key: string, change: Change, written: Item | undefined, done: Callback<void>) => {
          const changes = pending.splice(0).map(entry => indexChange(entry, key))
          const batch = level.batch([...changes, change]).then(() => onWrite(name, key, written))
          finish(batch, done)
        }
        return {
          lock: (key, work) =>
            getItemDb(name).lock(key, release => {
              try {
                work(release)
              } catch (error) {
                release(fail)(error)
              }
            }),
          get(key, done) {
            read = item(name, key)
            done(null, read)
          },
          put: (key, value, done) => write(key, { type: 'put', key: itemsOf(name) + key, value }, value, done),
          del: (key, done) => write(key, { type: 'del', key: itemsOf(name) + key }, undefined, done),
          createValueStream: range => valueStream(level, itemsOf(name), range),
        }
      }

      const indexDb = (type: string, name: string, index: string): IndexDb => {
        const prefix = `${indexesOf(type, name)}${index}~`
        return {
          put(key, value, done) {
            pending.push({ type: 'put', key: prefix + key, value })
            done()
          },
          del(key, done) {
            pending.push({ type: 'del', key: prefix + key })
            done()
          },
          createValueStream: range => valueStream(level, prefix, afterStart(range, data, table(name))),
        }
      }

      return {
        lastRead: () => read,
        store: {
          ...LIMITS,
          tableDb: { createKeyStream: () => Readable.from(tableNames(level)) },
          getTable(name, ...rest) {
            const done = rest.length === 1 ? rest[0] : rest[1]
            let row: TableRow
            try {
              row = table(name)
            } catch (error) {
              return done(error)
            }
            done(null, row)
          },
          getItemDb: itemDb,
          getIndexDb: indexDb,
        },
      }
    },
    close: () => level.close(),
  }
  return store
}

/** An index entry's key with the item's key behind: dynalite tells equal index keys apart by 24 bits only. */
function indexChange(change: Change, itemKey: string): Change {
  return { ...change, key: `${change.key}~${itemKey}` }
}

/** The range with its exclusive start moved behind the entry whose key {@link indexChange} made longer. */
function afterStart(range: Range, data: RequestData, table: TableRow): Range {
  const start = data['ExclusiveStartKey'] as Item | undefined
  if (!start) return range
  const suffix = `~${dynaliteDb.createKey(start, table)}`
  return range.reverse ? { ...range, lt: `${range.lt}${suffix}` } : { ...range, gt: `${range.gt}${suffix}` }
}

async function* tableNames(level: Level): AsyncGenerator<string> {
  for await (const [key] of entries(level, { gte: TABLES, lt: TABLES + LAST })) yield key.slice(TABLES.length)
}

/** Hands a promise's end to a callback. */
function finish(work: Promise<void>, done: Callback<void>): void {
  work.then(() => done(), done)
}

function isLocked(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED'
}
