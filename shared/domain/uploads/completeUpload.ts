/** Callers' own triggers: the bytes are there, or try again. The forwarder does the work. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { ObjectInfo } from '../../ports/objectStore.ts'
import { hint } from './hint.ts'
import { FORWARDER, SWEEPER } from './jobNames.ts'
import { retried, uploaded } from './transitions.ts'
import { readUpload, type UploadData, type UploadState } from './uploadRow.ts'

type TriggerPorts = PortsOf<'table' | 'objects' | 'invoker'>

interface UploadName {
  appId: string
  uploadId: string
  signal: AbortSignal
}

const RETRYABLE: ReadonlySet<UploadState> = new Set(['REJECTED', 'PARKED', 'UNKNOWN'])

/**
 * Pins the posted bytes and hands the upload to the forwarder; of one that is on its way already it only tells the
 * state. Throws `UPLOAD_NOT_FOUND`, `OBJECT_MISSING`, or `UPLOAD_STATE_CONFLICT` for an expired one.
 */
export async function completeUpload(ports: TriggerPorts, name: UploadName): Promise<UploadData> {
  const { table, clock } = ports
  const row = await readUpload(table, name)
  if (row.data.state === 'EXPIRED') {
    throw new AppError('UPLOAD_STATE_CONFLICT', 'The upload has expired.', { state: row.data.state })
  }
  if (row.data.state !== 'CREATED') return row.data
  const { etag } = await postedObject(ports, row.data, name.signal)
  const written = await table.put(uploaded(row.data, etag, clock.now()), row.version, name.signal)
  await forward(ports, row.data)
  return written.ok ? written.row.data : (await readUpload(table, name)).data
}

/**
 * Starts an upload's tries anew. An unclear one is looked up at WeChat first. Throws `UPLOAD_NOT_FOUND`,
 * `UPLOAD_STATE_CONFLICT` or `OBJECT_MISSING`.
 */
export async function retryUpload(ports: TriggerPorts, name: UploadName): Promise<UploadData> {
  const { table, clock } = ports
  const row = await readUpload(table, name)
  const { state } = row.data
  if (!RETRYABLE.has(state))
    throw new AppError('UPLOAD_STATE_CONFLICT', `An upload that is ${state} cannot be retried.`, { state })
  const looksFirst = state === 'UNKNOWN' || row.data.unsure === true
  if (!looksFirst) await postedObject(ports, row.data, name.signal)
  const written = await table.put(retried(row.data, clock.now()), row.version, name.signal)
  if (!written.ok) throw new AppError('WRITE_CONFLICT', 'The upload changed meanwhile; read its state.')
  if (looksFirst) await hint(ports, SWEEPER, {})
  else await forward(ports, row.data)
  return written.row.data
}

async function postedObject({ objects }: TriggerPorts, data: UploadData, signal: AbortSignal): Promise<ObjectInfo> {
  const object = data.object_key === undefined ? undefined : await objects.head(data.object_key, signal)
  if (!object) throw new AppError('OBJECT_MISSING', 'The bytes of this upload are not in the object store.')
  return object
}

const forward = (ports: TriggerPorts, { app_id, upload_id }: UploadData): Promise<void> =>
  hint(ports, FORWARDER, { app_id, upload_id })
