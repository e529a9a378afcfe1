/** Ends keys, but never the last admin key: without one nobody could make another. */
import { AppError } from '../../core/errors.ts'
import { covers, KEY_PARTITION, KeyData, keyRowOf } from '../../core/keys.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Row, Table } from '../../ports/table.ts'

const PAGE = 100

/** Which key takes the place of another one, and when that one ends: seconds since the epoch. */
export interface Replacement {
  successor: KeyData
  expires_at: number
}

/**
 * Removes a key. Throws `LAST_ADMIN_KEY`, and then the key is as it was, or `WRITE_CONFLICT`.
 *
 * Two deletions at once cannot each count on the other's key: each marks its own key before it looks for another one
 * without a mark, so the later of them to mark finds none.
 */
export async function removeKey(ports: PortsOf<'table'>, row: Row<KeyData>, signal?: AbortSignal): Promise<void> {
  const { table } = ports
  const marked = isGuarded(ports, row.data) ? await endedAs(ports, row, { mark: { pending: 'deletion' }, signal }) : row
  if (!(await table.remove(row, marked.version, signal))) throw changed()
}

/** Lets a key end because another one takes its place; never prolongs it. Throws as {@link removeKey}. */
export async function replaceKey(
  ports: PortsOf<'table'>,
  row: Row<KeyData>,
  { successor, expires_at }: Replacement,
): Promise<void> {
  const earliest = Math.min(expires_at, row.data.expires_at ?? Number.POSITIVE_INFINITY)
  await endedAs(ports, row, { mark: { replaced_by: successor.key_id, expires_at: earliest }, successor })
}

/** Writes the mark first and looks afterwards; takes the mark back where it may not stay. */
async function endedAs(
  ports: PortsOf<'table'>,
  row: Row<KeyData>,
  { mark, successor, signal }: { mark: Partial<KeyData>; successor?: KeyData; signal?: AbortSignal | undefined },
): Promise<Row<KeyData>> {
  const { table } = ports
  const written = await table.put(keyRowOf({ ...row.data, ...mark }), row.version, signal)
  if (!written.ok) throw changed()
  try {
    if (!isGuarded(ports, row.data) || (successor && canStandFor(successor, row.data))) return written.row
    for await (const other of adminKeys(table, signal)) {
      if (isGuarded(ports, other) && canStandFor(other, row.data)) return written.row
    }
    throw new AppError(
      'LAST_ADMIN_KEY',
      'No other admin key for its accounts would stay: make another admin key first.',
    )
  } catch (error) {
    const { pending: _, ...before } = row.data
    await table.put(keyRowOf(before), written.row.version)
    throw error
  }
}

/** Whether `other` can do all that the admin key `key` can, for as long as it lives. */
const canStandFor = (other: KeyData, key: KeyData): boolean =>
  other.role === 'admin' &&
  other.pending === undefined &&
  other.replaced_by === undefined &&
  other.key_id !== key.key_id &&
  covers(other, key)

/** An admin key that is still valid, and that somebody holds. */
const isGuarded = ({ clock }: PortsOf<never>, { role, expires_at, pending }: KeyData): boolean =>
  role === 'admin' && pending !== 'creation' && (expires_at === undefined || expires_at * 1000 > clock.now())

async function* adminKeys(table: Table, signal?: AbortSignal): AsyncGenerator<KeyData> {
  let cursor: string | undefined
  do {
    const query = { limit: PAGE, where: { role: 'admin' }, ...(cursor !== undefined && { cursor }) }
    const page = await table.list<unknown>(KEY_PARTITION, query, signal)
    for (const row of page.items) yield KeyData.parse(row.data)
    cursor = page.cursor
  } while (cursor !== undefined)
}

const changed = (): AppError => new AppError('WRITE_CONFLICT', 'The key changed meanwhile; try again.')
