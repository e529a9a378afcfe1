/** Tracks the media of a fan's message, so that they are copied before WeChat drops them. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import { MIRROR } from '../temporary/jobName.ts'
import { openidHash } from '../temporary/openidHash.ts'
import { trackMedia } from '../temporary/trackMedia.ts'
import { handOver, PUSH_FORWARDER, tellOf } from './handOver.ts'
import { findMessage, type MessageData, type MessageName, type MessageRow, messageRow } from './messageRow.ts'

/** What archiving needs. */
export type ArchivePorts = PortsOf<'table' | 'secrets' | 'sealer' | 'invoker'>

const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000

/**
 * Tracks each media, then takes the message off the queue; safe to run any number of times, also at once. When it
 * fails, its next turn comes later and later, at most an hour, and the failure is thrown.
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
  for (const { media_id: mediaId, type } of media) {
    await trackMedia(ports, { appId, mediaId, type, source: 'fan', createdAt, openidHash: from }, signal)
  }
  const written = await ports.table.put(messageRow(archived(data, ports.clock.now())), version, signal)
  if (!written.ok) return
  ports.metrics.record('FanMedia', media.length, { app_id: appId, message_id: data.message_id })
  const copies = media.map(({ media_id }) => ({ app_id: appId, media_id }))
  await Promise.all([handOver(ports, MIRROR, { media: copies }), data.forward && tellOf(ports, PUSH_FORWARDER, data)])
}

/** The message once its media are tracked: who sent it is known under its hash only. */
function archived({ archive_at: _, openid: __, ...data }: MessageData, now: number): MessageData {
  return { ...data, ...(data.forward && { forward: { ...data.forward, at: now + FIRST_PAUSE_MS } }) }
}
