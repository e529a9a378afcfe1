/** The guarantee behind every hint: looks at each upload that is due and moves it on. */
import { AppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Invoker } from '../../ports/invoker.ts'
import { FORWARDER } from './jobNames.ts'
import { reconcileUpload } from './reconcileUpload.ts'
import { afterFailure, CLAIM_MS, expired, LATE_POST_MS, lookAgain } from './transitions.ts'
import { findUpload, parseUploadKey, UPLOAD_QUEUE, type UploadRow } from './uploadRow.ts'

/** What sweeping needs; sending itself is the forwarder's work. */
export type SweepPorts = PortsOf<'table' | 'objects' | 'wechat' | 'invoker'>

const BATCH = 100
const IN_FLIGHT = 10
const MIN_REMAINING_MS = 5_000
const SECOND_LOOK_MS = 120_000

/** Sweeps until nothing is due or the time is up; answers how many rows it looked at. */
export async function sweepUploads(ports: SweepPorts, call: Call): Promise<number> {
  const { table, clock, metrics } = ports
  let swept = 0
  let lag: number | undefined
  const seen = new Set<string>()
  while (call.remaining() > MIN_REMAINING_MS) {
    // Rows that stay due (broken, or handed over and not yet begun) must not hide those behind them.
    const due = await table.due(UPLOAD_QUEUE, clock.now(), BATCH + seen.size, call.signal)
    const fresh = due.filter(({ pk, sk }) => !seen.has(`${pk}/${sk}`))
    if (lag === undefined) {
      lag = due[0] === undefined ? 0 : (clock.now() - due[0].at) / 1000
      metrics.record('SweepLag', lag)
    }
    if (fresh.length === 0) break
    for (const { pk, sk } of fresh) seen.add(`${pk}/${sk}`)
    const work = [...fresh]
    const worker = async () => {
      for (let next = work.shift(); next && call.remaining() > MIN_REMAINING_MS; next = work.shift()) {
        await sweepOne(ports, next, call)
        swept++
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  }
  return swept
}

/** One broken row must not stop the others. */
async function sweepOne(ports: SweepPorts, key: { pk: string; sk: string }, call: Call): Promise<void> {
  try {
    const upload = parseUploadKey(key)
    const row = upload && (await findUpload(ports.table, { ...upload, signal: call.signal }))
    if (row && (row.due?.at ?? Number.POSITIVE_INFINITY) <= ports.clock.now()) await moveOn(ports, row, call)
  } catch (error) {
    ports.log.error('an upload could not be swept', { ...key, error })
  }
}

async function moveOn(ports: SweepPorts, row: UploadRow, call: Call): Promise<void> {
  const { table, objects, invoker, clock } = ports
  const { data, version } = row
  const now = clock.now()
  switch (data.state) {
    case 'CREATED': {
      const object = data.object_key === undefined ? undefined : await objects.head(data.object_key, call.signal)
      if (object) return hand(invoker, row)
      const end = data.expires_at + LATE_POST_MS
      await table.put(now >= end ? expired(data, now) : lookAgain(data, Math.min(now + SECOND_LOOK_MS, end)), version)
      return
    }
    case 'UPLOADED':
    case 'PARKED':
      return hand(invoker, row)
    case 'SENDING':
      if ((data.claim?.started_at ?? 0) + CLAIM_MS <= now) {
        const lost = new AppError('WECHAT_UNCLEAR', 'The sender stopped before it could tell the outcome.')
        await table.put(afterFailure(data, lost, now), version)
      }
      return
    case 'UNKNOWN':
      await reconcileUpload(ports, row, call.signal)
      return
    default:
      return
  }
}

const hand = (invoker: Invoker, { data }: UploadRow): Promise<void> =>
  invoker.send(FORWARDER, { app_id: data.app_id, upload_id: data.upload_id })
