/** A row as a DynamoDB item, and back; docs/data-model.md names the attributes. */
import { createHash } from 'node:crypto'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { DueRow, Row, RowKey } from '../ports/table.ts'
import { fromAttribute, toAttribute } from './attributeValue.ts'
import { DUE_SHARDS } from './tableSchema.ts'

/** A DynamoDB item. */
export type TableItem = Record<string, AttributeValue>

/** The key attributes of a row. */
export function keyItem({ pk, sk }: RowKey): TableItem {
  return { pk: { S: pk }, sk: { S: sk } }
}

/** The whole item of a row, stamped with the operation that writes it. Throws TypeError when `data` is not JSON. */
export function rowItem<T>(row: Row<T>, op: string): TableItem {
  const item: TableItem = {
    ...keyItem(row),
    v: { N: String(row.version) },
    sv: { N: String(row.schemaVersion) },
    op: { S: op },
    data: toAttribute(row.data),
  }
  if (row.due) {
    item['dueShard'] = { S: dueShard(row.due.queue, shardOf(row)) }
    item['dueAt'] = { N: String(row.due.at) }
  }
  if (row.ttl !== undefined) item['ttl'] = { N: String(row.ttl) }
  return item
}

/** The row of an item. Throws TypeError when it is none of ours. */
export function itemRow<T>(item: TableItem): Row<T> {
  const row: Row<T> = {
    ...itemKey(item),
    schemaVersion: number(item, 'sv'),
    // The port hands a row's data out as what its writer put in; readers check `schemaVersion`.
    data: fromAttribute(attribute(item, 'data')) as T,
    version: number(item, 'v'),
  }
  if (item['dueShard']) {
    const shard = text(item, 'dueShard')
    row.due = { queue: shard.slice(0, shard.lastIndexOf('#')), at: number(item, 'dueAt') }
  }
  if (item['ttl']) row.ttl = number(item, 'ttl')
  return row
}

/** A due row as the index holds it. */
export function itemDue(item: TableItem): DueRow {
  return { ...itemKey(item), at: number(item, 'dueAt') }
}

/** The key of an item. */
export function itemKey(item: TableItem): RowKey {
  return { pk: text(item, 'pk'), sk: text(item, 'sk') }
}

/** The index partition of one shard of a queue. */
export function dueShard(queue: string, shard: number): string {
  return `${queue}#${shard}`
}

/** Spreads rows evenly and gives a row the same shard each time. */
function shardOf({ pk, sk }: RowKey): number {
  return createHash('sha256').update(`${pk}\n${sk}`).digest().readUInt32BE() % DUE_SHARDS
}

function text(item: TableItem, name: string): string {
  const { S } = attribute(item, name)
  if (S === undefined) throw new TypeError(`The attribute ${name} of an item is no text`)
  return S
}

function number(item: TableItem, name: string): number {
  const { N } = attribute(item, name)
  if (N === undefined) throw new TypeError(`The attribute ${name} of an item is no number`)
  return Number(N)
}

function attribute(item: TableItem, name: string): AttributeValue {
  const value = item[name]
  if (!value) throw new TypeError(`An item has no attribute ${name}`)
  return value
}
