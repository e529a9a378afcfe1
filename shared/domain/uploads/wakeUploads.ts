/** Uploads that waited for an operator, when the operator has acted. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'
import { workFairly } from '../due/workFairly.ts'
import { LOOK_AGAIN_MS } from '../quotas/callQuotas.ts'
import { MISCONFIGURED_PARK_S, SAME_BYTES_PARK_MS, woken } from './transitions.ts'
import { findUpload, parseUploadKey, UPLOAD_QUEUE, uploadKey } from './uploadRow.ts'

/** Keys of all accounts that are looked at; what stands behind them waits for its own time. */
const WINDOW = 10_000
const IN_FLIGHT = { all: 20, ofOne: 20 }
const MIN_REMAINING_MS = 10_000
/** Until then other processes may still believe that the account's calls are stopped. */
const HEARD_OF_MS = LOOK_AGAIN_MS + 5_000

/**
 * Makes an account's uploads due that a fault of the account parked, and those that wait for such a one; answers how many.
 * It reads the due-time index for the hour that such a fault parks them for, never the account's other uploads.
 */
export async function wakeUploads({ table, clock, log }: PortsOf<'table'>, appId: string, call: Call): Promise<number> {
  const due = await table.due(
    UPLOAD_QUEUE,
    clock.now() + MISCONFIGURED_PARK_S * 1000 + SAME_BYTES_PARK_MS,
    WINDOW,
    call.signal,
  )
  const { pk } = uploadKey(appId, '')
  let moved = 0
  const wake = async (key: RowKey): Promise<void> => {
    try {
      const name = parseUploadKey(key)
      const row = name && (await findUpload(table, { ...name, signal: call.signal }))
      const next = row && woken(row.data, clock.now() + HEARD_OF_MS)
      if (next && (await table.put(next, row.version, call.signal)).ok) moved++
    } catch (error) {
      log.warn('a parked upload waits for its own time', { ...key, error })
    }
  }
  const goesOn = () => call.remaining() > MIN_REMAINING_MS
  const tasks = due.filter(key => key.pk === pk)
  await workFairly(tasks, { accountOf: key => key.pk, inFlight: IN_FLIGHT, goesOn, work: wake })
  return moved
}
