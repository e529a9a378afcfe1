/** Holds an answer until an upload is final. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import { FINAL_STATES, readUpload, type UploadRow } from './uploadRow.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000
/** Kept free at the end of the run for the answer itself. */
const RESERVE_MS = 2_000

/** The row once it is final, or as it is after `waitMs`. Throws `AppError('UPLOAD_NOT_FOUND')`. */
export async function waitForUpload(
  { table, clock }: PortsOf<'table'>,
  { appId, uploadId, waitMs }: { appId: string; uploadId: string; waitMs: number },
  call: Call,
): Promise<UploadRow> {
  const end = clock.now() + Math.min(waitMs, call.remaining() - RESERVE_MS)
  let pause = FIRST_PAUSE_MS
  for (;;) {
    const row = await readUpload(table, { appId, uploadId, signal: call.signal })
    const left = end - clock.now()
    if (FINAL_STATES.has(row.data.state) || left <= 0) return row
    await clock.sleep(Math.min(pause, left), call.signal)
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)
  }
}
