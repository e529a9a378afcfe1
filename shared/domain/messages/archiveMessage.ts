/** Tracks the media of a fan's message, so that they are copied before WeChat drops them. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import { eraseMedia } from '../temporary/eraseMedia.ts'
import { isErased } from '../temporary/erasure.ts'
import { MIRROR } from '../temporary/jobName.ts'
import { openidHash } from '../temporary/openidHash.ts'
import { type SeenMedia, trackMedia } from '../temporary/trackMedia.ts'
import { handOver, PUSH_FORWARDER, tellOf } from './handOver.ts'
import { findMessage, handled, type MessageData, type MessageName, type MessageRow, messageRow } from './messageRow.ts'

/** What archiving needs. */
export type ArchivePorts = PortsOf<'table' | 'secrets' | 'sealer' | 'invoker'>

const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000

/**
 * Tracks each media, then takes the message off the queue; safe to run any number of times, also at once. Of a fan who
 * was erased meanwhile nothing is kept or handed on. When it fails, its next turn comes later and later, at most an hour,
 * and the failure is thrown.
 */
export async function archiveMessage(ports: ArchivePorts, name: MessageName, { signal }: Call): Promise<void> {
  const row = await findMessage(ports.table, name, signal)
  if (row?.data.archive_at === undefined) return
  try {
    await archive(ports, row, signal)
  } catch (error) {
    const { failures } = row.data
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    const later = { ...row.data, failures: failures + 1, archive_at: ports.clock.now() + pause }
    await ports.table.put(messageRow(later), row.version).catch(() => undefined)
    throw error
  }
}

async function archive(ports: ArchivePorts, { data, version }: MessageRow, signal: AbortSignal): Promise<void> {
  const { app_id: appId, openid, media, created_at: createdAt } = data
  const from = openid === undefined ? undefined : await openidHash(ports, { appId, openid }, signal)
  const seen = media.map(
    ({ media_id: mediaId, type }): SeenMedia => ({ appId, mediaId, type, source: 'fan', createdAt, openidHash: from }),
  )
  if (await trackUnlessErased(ports, seen, { appId, openidHash: from, sentAt: createdAt, signal })) {
    await ports.table.put(messageRow(handled(data)), version, signal)
    return
  }
  const written = await ports.table.put(messageRow(archived(data, ports.clock.now())), version, signal)
  if (!written.ok) return
  ports.metrics.record('FanMedia', media.length, { app_id: appId, message_id: data.message_id })
  const copies = media.map(({ media_id }) => ({ app_id: appId, media_id }))
  await Promise.all([handOver(ports, MIRROR, { media: copies }), data.forward && tellOf(ports, PUSH_FORWARDER, data)])
}

interface FromFan {
  appId: string
  openidHash: string | undefined
  /** ms since the epoch */
  sentAt: number
  signal: AbortSignal
}

/**
 * Tracks a fan's media; true when the fan was erased, and then they are, too. It is asked before and after: an erasure that
 * comes between finds them listed, or is found here.
 */
async function trackUnlessErased(
  ports: ArchivePorts,
  media: readonly SeenMedia[],
  { appId, openidHash, sentAt, signal }: FromFan,
): Promise<boolean> {
  const isOver = async () =>
    openidHash !== undefined && (await isErased(ports.table, { appId, openidHash }, { sentAt, signal }))
  if (!(await isOver())) {
    for (const one of media) await trackMedia(ports, one, signal)
    if (!(await isOver())) return false
  }
  for (const one of media) await eraseMedia(ports, one, { signal })
  return true
}

/** The message once its media are tracked: who sent it is known under its hash only, but for a push that goes on. */
function archived({ archive_at: _, ...data }: MessageData, now: number): MessageData {
  return data.forward ? { ...data, forward: { ...data.forward, at: now + FIRST_PAUSE_MS } } : handled(data)
}
