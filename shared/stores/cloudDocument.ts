/** A row as a document of CloudBase's database, and back; docs/data-model.md names the fields. */
import { createHash } from 'node:crypto'
import type { DueRow, ExpiredRow, Row, RowKey } from '../ports/table.ts'
import { fromAttribute, toAttribute } from './attributeValue.ts'

/** The fields of a document; those of `absent` are to be removed from an older version. */
export interface RowDocument {
  fields: Record<string, string | number>
  absent: string[]
}

/** A document's id: short whatever the key holds, and unique, which is what a first write relies on. */
export const documentId = ({ pk, sk }: RowKey): string =>
  createHash('sha256')
    .update(JSON.stringify([pk, sk]))
    .digest('base64url')

/**
 * The document of a row, stamped with the operation that writes it. `data` is JSON text: the database merges objects
 * where a row is replaced, and knows no field names with dots. Throws TypeError when `data` is not JSON.
 */
export function rowDocument<T>(row: Row<T>, op: string): RowDocument {
  const { pk, sk, version, schemaVersion, data, due, ttl } = row
  const optional = { dueQueue: due?.queue, dueAt: due?.at, ttl }
  const present = Object.entries(optional).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return {
    fields: {
      ...{ pk, sk, v: version, sv: schemaVersion, op, data: JSON.stringify(fromAttribute(toAttribute(data))) },
      ...Object.fromEntries(present),
    },
    absent: Object.keys(optional).filter(name => !present.some(([given]) => given === name)),
  }
}

/** The row of a document. Throws TypeError when it is none of ours. */
export function documentRow<T>(document: Record<string, unknown>): Row<T> {
  const row: Row<T> = {
    ...documentKey(document),
    schemaVersion: number(document, 'sv'),
    // The port hands a row's data out as what its writer put in; readers check `schemaVersion`.
    data: JSON.parse(text(document, 'data')) as T,
    version: number(document, 'v'),
  }
  if (document['dueQueue'] !== undefined) row.due = { queue: text(document, 'dueQueue'), at: number(document, 'dueAt') }
  if (document['ttl'] !== undefined) row.ttl = number(document, 'ttl')
  return row
}

/** A due row as the index holds it. */
export function documentDue(document: Record<string, unknown>): DueRow {
  return { ...documentKey(document), at: number(document, 'dueAt') }
}

/** An expired row as its index leads to it. */
export function documentExpired(document: Record<string, unknown>): ExpiredRow {
  return { ...documentKey(document), version: number(document, 'v') }
}

function documentKey(document: Record<string, unknown>): RowKey {
  return { pk: text(document, 'pk'), sk: text(document, 'sk') }
}

function text(document: Record<string, unknown>, name: string): string {
  const value = document[name]
  if (typeof value !== 'string') throw new TypeError(`The field ${name} of a document is no text`)
  return value
}

function number(document: Record<string, unknown>, name: string): number {
  const value = document[name]
  if (typeof value !== 'number') throw new TypeError(`The field ${name} of a document is no number`)
  return value
}
