/** The guarantee behind every hint: looks at each upload that is due and moves it on. */
import { AppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'
import { sweepDue } from '../due/sweepDue.ts'
import { FORWARDER } from './jobNames.ts'
import { hasLostItsSender } from './lostSender.ts'
import { reconcileUpload } from './reconcileUpload.ts'
import { closeRejected } from './sameBytes.ts'
import {
  afterFailure,
  expired,
  handedOver,
  LATE_POST_MS,
  lookAgain,
  MAX_BEGUN,
  rejected,
  WATCH_AGAIN_MS,
} from './transitions.ts'
import { findUpload, parseUploadKey, UPLOAD_QUEUE, type UploadRow } from './uploadRow.ts'

/** What sweeping needs; sending itself is the forwarder's work. */
export type SweepPorts = PortsOf<'table' | 'objects' | 'wechat' | 'invoker'>

const SECOND_LOOK_MS = 120_000

/** Sweeps until nothing is due or the time is up; answers how many rows it looked at. */
export function sweepUploads(ports: SweepPorts, call: Call): Promise<number> {
  const work = async (key: RowKey): Promise<void> => {
    const upload = parseUploadKey(key)
    const row = upload && (await findUpload(ports.table, { ...upload, signal: call.signal }))
    if (row && (row.due?.at ?? Number.POSITIVE_INFINITY) <= ports.clock.now()) await moveOn(ports, row, call)
  }
  const lag = (seconds: number): void => ports.metrics.record('SweepLag', seconds)
  return sweepDue(ports, { queue: UPLOAD_QUEUE, work, lag }, call)
}

async function moveOn(ports: SweepPorts, row: UploadRow, call: Call): Promise<void> {
  const { table, objects, clock, metrics } = ports
  const { data, version } = row
  const now = clock.now()
  switch (data.state) {
    case 'CREATED': {
      const object = data.object_key === undefined ? undefined : await objects.head(data.object_key, call.signal)
      if (object) return hand(ports, row)
      const end = data.expires_at + LATE_POST_MS
      await table.put(now >= end ? expired(data, now) : lookAgain(data, Math.min(now + SECOND_LOOK_MS, end)), version)
      return
    }
    case 'UPLOADED':
      return hand(ports, row)
    case 'PARKED':
      if (!data.unsure) return hand(ports, row)
      await reconcileUpload(ports, row, call.signal)
      return
    case 'SENDING':
      if (!hasLostItsSender(ports, data)) await table.put(lookAgain(data, now + WATCH_AGAIN_MS), version)
      else {
        const lost = new AppError('WECHAT_UNCLEAR', 'The sender stopped before it could tell the outcome.')
        const next = afterFailure(data, lost, now)
        const written = await table.put(next, version)
        if (written.ok && next.data.state === 'REJECTED') await closeRejected(ports, data)
        if (written.ok && next.data.state === 'UNKNOWN') {
          metrics.record('UploadUnclear', 1, { app_id: data.app_id, upload_id: data.upload_id })
        }
      }
      return
    case 'UNKNOWN':
      await reconcileUpload(ports, row, call.signal)
      return
    default:
      return
  }
}

/** Written down first, so that runs know of those before them: a file on which each dies without a word must end, too. */
async function hand(ports: SweepPorts, row: UploadRow): Promise<void> {
  const { table, invoker, clock } = ports
  const { data, version } = row
  const now = clock.now()
  if ((data.begun ?? 0) >= MAX_BEGUN) {
    const error = new AppError('INTERNAL', `${MAX_BEGUN} runs ended without an outcome; the file may be the reason.`)
    const written = await table.put(rejected(data, error, now), version)
    if (written.ok) await closeRejected(ports, data)
    return
  }
  const written = await table.put(handedOver(data, now), version)
  if (written.ok) await invoker.send(FORWARDER, { app_id: data.app_id, upload_id: data.upload_id })
}
