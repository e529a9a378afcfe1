/** What must be true after every run (reliability.md §1.4), told from WeChat's ledger and the table alone. */
import { stampOf } from '../../shared/domain/uploads/sendToWeChat.ts'
import { isFinal, UploadData } from '../../shared/domain/uploads/uploadRow.ts'
import type { World } from '../support/world.ts'

const LIMIT = 1_000
/** What a client that posts other bytes than it declared, or posts twice, earns. */
const EARNED: ReadonlySet<string> = new Set(['FILE_CONTENT_MISMATCH', 'OBJECT_CHANGED', 'OBJECT_MISSING'])

/** The violations, each a sentence, how many uploads there were, and where they ended. */
export async function violations(
  service: World,
  accounts: readonly string[],
): Promise<{ violations: string[]; uploads: number; states: Record<string, number> }> {
  const found: string[] = []
  const states: Record<string, number> = {}
  let uploads = 0
  for (const appId of accounts) {
    const { items } = await service.table.list(`UPL#${appId}`, { limit: LIMIT })
    const rows = items.map(({ data }) => UploadData.parse(data))
    uploads += rows.length
    for (const { state, reused } of rows) {
      const name = reused ? 'reused' : state
      states[name] = (states[name] ?? 0) + 1
    }
    found.push(
      ...unfinished(rows, service.clock.now()),
      ...lost(rows),
      ...ledgerAgainst(rows, service.materials(appId)),
    )
  }
  return { violations: found, uploads, states }
}

/** I1: nothing waits for nothing. */
function unfinished(rows: UploadData[], now: number): string[] {
  return rows
    .filter(row => !isFinal(row) && row.state !== 'CREATED')
    .filter(row => row.state !== 'PARKED' || (row.parked_until ?? 0) <= now)
    .map(row => `I1: upload ${row.upload_id} is still ${row.state}: ${JSON.stringify(row)}`)
}

/** A good file whose bytes are here is never given up for the faults of others; who sends directly hears of it. */
function lost(rows: UploadData[]): string[] {
  return rows
    .filter(({ state, object_key }) => state === 'REJECTED' && object_key !== undefined)
    .filter(({ error }) => !EARNED.has(error?.code ?? ''))
    .map(row => `lost: upload ${row.upload_id} was given up: ${JSON.stringify(row)}`)
}

function ledgerAgainst(rows: UploadData[], materials: ReturnType<World['materials']>): string[] {
  const found: string[] = []
  const byStamp = new Map(rows.map(row => [stampOf(row.upload_id), row]))
  const sent = new Map<string, number>()
  const kept = new Map<string, number>()
  for (const { media_id, filename = '', sha256 = '' } of materials) {
    const stamp = /\.([0-9a-z]{10})\.jpg$/.exec(filename)?.[1] ?? ''
    const row = byStamp.get(stamp)
    sent.set(stamp, (sent.get(stamp) ?? 0) + 1)
    if (!row?.force) kept.set(sha256, (kept.get(sha256) ?? 0) + 1)
    if (row?.state !== 'STORED' || row.media_id !== media_id) {
      found.push(`I3: the material of ${filename} is an orphan: ${JSON.stringify(row)}`)
    } else if (row.sha256 !== sha256) found.push(`I11: ${filename} has other bytes than its row says`)
  }
  for (const [stamp, times] of sent) if (times > 1) found.push(`I2: upload …${stamp} was taken ${times} times`)
  for (const [hash, times] of kept) if (times > 1) found.push(`same bytes: ${hash} is in the library ${times} times`)
  const ids = new Set(materials.map(({ media_id }) => media_id))
  for (const row of rows) {
    if (row.permanent && row.state === 'STORED' && !ids.has(row.media_id)) {
      found.push(`I3: upload ${row.upload_id} has a media_id that WeChat never gave`)
    }
  }
  return found
}
