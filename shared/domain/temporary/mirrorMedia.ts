/** Copies one tracked media, if it is due and nobody else does. */
import { AppError, asAppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MediaName } from '../library/libraryRows.ts'
import type { ArchiveRules } from './archive.ts'
import { type CopyPorts, copyMedia } from './copyMedia.ts'
import { indexMedia } from './mediaIndex.ts'
import { afterFailure, begun, isDue, isOutage, lost } from './mirrorPlan.ts'
import { asTemporary, findTemporary, type TemporaryData, type TemporaryRow, temporaryRow } from './temporaryRow.ts'

/** One media gets so much time: a transfer that crawls must not hold up the others. */
const MEDIA_MS = 60_000

/** How a try ended; `later` with the end of the media (ms), and whether WeChat or a store failed as a whole. */
export type MirrorOutcome =
  | { state: 'MIRRORED' | 'LOST' | 'nothing' }
  | { state: 'later'; expiresAt: number; outage: boolean }

/** Never throws for what happens to this media: that is in its row. Throws what the table throws before the claim. */
export async function mirrorMedia(
  ports: CopyPorts & { rules: ArchiveRules },
  name: MediaName,
  call: Call,
): Promise<MirrorOutcome> {
  const { table, clock } = ports
  const row = await findTemporary(table, name, call.signal)
  if (!row || !isDue(row, clock.now())) return { state: 'nothing' }
  const claimed = await table.put(begun(row.data, clock.now()), row.version, call.signal)
  if (!claimed.ok) return { state: 'nothing' }
  const fields = { app_id: name.appId, media_id: name.mediaId, source: row.data.source }
  try {
    await within(clock, call.signal, async signal => {
      const rule = await ports.rules(name.appId, signal)
      await copyMedia(ports, claimed.row, { rule, signal })
    })
    ports.metrics.record('MediaMirrored', 1, fields)
    return { state: 'MIRRORED' }
  } catch (cause) {
    const error = asAppError(cause)
    ports.log.warn('a media could not be copied', { ...fields, attempts: claimed.row.data.attempts, error: cause })
    return settleFailure(ports, claimed.row, error)
  }
}

/** Runs `work` under a signal that aborts with the run, or when the media's own time is over. */
async function within<T>(clock: Clock, run: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const slow = new AbortController()
  const done = new AbortController()
  const signal = AbortSignal.any([run, slow.signal])
  clock.sleep(MEDIA_MS, done.signal).then(
    () => slow.abort(new AppError('OUT_OF_TIME', 'The copy took too long.')),
    () => undefined,
  )
  try {
    return await work(signal)
  } catch (error) {
    throw signal.aborted ? new AppError('OUT_OF_TIME', 'The copy took too long.', {}, { cause: error }) : error
  } finally {
    done.abort()
  }
}

/** Without the run's signal: at its very end the row must still be written. */
async function settleFailure(ports: CopyPorts, claimed: TemporaryRow, error: AppError): Promise<MirrorOutcome> {
  const { table, clock, metrics, log } = ports
  const { data } = claimed
  const isGone = error.code === 'MEDIA_NOT_FOUND' && error.wechat !== undefined
  const next = isGone ? lost(data, error) : afterFailure(data, error, clock.now())
  const later = { state: 'later', expiresAt: data.expires_at, outage: isOutage(error) } as const
  try {
    if (next.state === 'LOST') await indexMedia(table, next)
    const written = await table.put<unknown>(temporaryRow(next), claimed.version)
    if (!written.ok) return overtaken(written.current && asTemporary(written.current).data)
  } catch (failure) {
    // The claim ends by itself.
    log.warn('the failure of a copy could not be recorded', { media_id: data.media_id, error: failure })
    return later
  }
  if (next.state !== 'LOST') return later
  metrics.record('MediaLost', 1, { app_id: data.app_id, media_id: data.media_id, source: data.source })
  return { state: 'LOST' }
}

/** Somebody else wrote the row meanwhile: its reader, an erasure, a later sighting. */
const overtaken = (data: TemporaryData | undefined): MirrorOutcome =>
  data?.state === 'PENDING' ? { state: 'later', expiresAt: data.expires_at, outage: false } : { state: 'nothing' }
