/** The opaque cursor of a list: the sort key after which it goes on. */
import { AppError } from '../core/errors.ts'
import type { ListQuery, RowKey } from '../ports/table.ts'

const BASE64URL = /^[\w-]+$/

/** A cursor that goes on after this row. */
export function cursorAfter({ pk, sk }: RowKey): string {
  return Buffer.from(JSON.stringify([pk, sk])).toString('base64url')
}

/**
 * The key in the query's cursor, `undefined` when it has none. Throws `AppError('INVALID_REQUEST')` for a cursor that is
 * malformed, of another partition or outside the query's prefix.
 */
export function cursorKey(pk: string, { cursor, prefix = '' }: ListQuery): RowKey | undefined {
  if (cursor === undefined) return undefined
  const key = parse(cursor)
  if (key?.pk !== pk || !key.sk.startsWith(prefix)) {
    throw new AppError('INVALID_REQUEST', 'The cursor does not belong to this list.', {
      issues: [{ path: 'cursor', message: 'is not one that this list answered' }],
    })
  }
  return key
}

function parse(cursor: string): RowKey | undefined {
  if (!BASE64URL.test(cursor)) return undefined
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
  if (!Array.isArray(parts) || parts.length !== 2) return undefined
  const [pk, sk]: unknown[] = parts
  return typeof pk === 'string' && typeof sk === 'string' && sk !== '' ? { pk, sk } : undefined
}
