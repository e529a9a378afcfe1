/** Tables that fail in one way each. */
import { AppError } from '../../shared/core/errors.ts'
import type { RowDraft, Table } from '../../shared/ports/table.ts'

/** The twin of every conditional write: whoever writes last wins. */
export const unconditional = (table: Table): Table => ({
  ...table,
  async put(draft, _expected, signal) {
    for (;;) {
      const row = await table.get(draft, signal)
      const result = await table.put(draft, row?.version ?? 0, signal)
      if (result.ok) return result
    }
  },
})

/** Fails every write that `matches`; `after` writes it all the same. */
export const failingWrites = (
  table: Table,
  matches: (draft: RowDraft<unknown>) => boolean,
  { after = false }: { after?: boolean } = {},
): Table => ({
  ...table,
  async put(draft, expected, signal) {
    if (!matches(draft)) return table.put(draft, expected, signal)
    if (after) await table.put(draft, expected, signal)
    throw new AppError('STORE_UNAVAILABLE', 'The table is not reachable.')
  },
})

/** The state in an upload's draft, `undefined` for other rows. */
export function stateOf({ data }: RowDraft<unknown>): unknown {
  return typeof data === 'object' && data !== null && 'state' in data ? data.state : undefined
}
