/** Writes down how a sending ended, whatever happened to the row meanwhile. */
import type { PortsOf } from '../../core/ports.ts'
import type { RowDraft } from '../../ports/table.ts'
import { UploadData, type UploadRow, type UploadState } from './uploadRow.ts'

const MAX_TRIES = 5

/**
 * Applies `next` to the row as long as it still belongs to the claim of `row`. The sweeper may have declared a slow
 * sender dead; its late answer counts all the same, for nobody else can know it.
 */
export async function settleClaim(
  { table, log }: PortsOf<'table'>,
  row: UploadRow,
  next: (data: UploadData) => RowDraft<UploadData>,
): Promise<UploadState | undefined> {
  const claimId = row.data.claim?.id
  let present = row
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const draft = next(present.data)
    const result = await table.put(draft, present.version)
    if (result.ok) return draft.data.state
    if (!result.current) break
    present = { ...result.current, data: UploadData.parse(result.current.data) }
    if (present.data.claim?.id !== claimId) break
  }
  log.warn('the outcome of a sending had no claim any more', {
    app_id: row.data.app_id,
    upload_id: row.data.upload_id,
    state: present.data.state,
  })
  return undefined
}
