/** Hands a push on to the account's `forward_url`, as it came, signed, until that takes it. */
import { createHmac } from 'node:crypto'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { CallbackSettings } from '../../core/schemas/callback.ts'
import { isErased } from '../temporary/erasure.ts'
import { knownOpenidHash } from '../temporary/openidHash.ts'
import { findMessage, handled, type MessageData, type MessageName, messageRow } from './messageRow.ts'
import { openCallback } from './openCallback.ts'

/** What handing on needs. */
export type ForwardPorts = PortsOf<'table' | 'secrets' | 'outbound'>

const TIMEOUT_MS = 10_000
/** The schedule looks once a minute; a try that died is taken up then. */
const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000

/** What became of a push. */
export type Forwarded = 'done' | 'later' | 'given-up' | 'nothing'

/**
 * One try. The next one is written down before it, so that a run that dies is followed by another; a consumer may
 * therefore get a push twice, as from WeChat itself. After a day it is given up; that of a fan who was erased goes
 * nowhere. Throws what the table throws, and `SECRET_UNREADABLE`.
 */
export async function forwardMessage(ports: ForwardPorts, name: MessageName, { signal }: Call): Promise<Forwarded> {
  const { table, clock, log, metrics } = ports
  const row = await findMessage(table, name, signal)
  if (!row?.data.forward || row.data.archive_at !== undefined) return 'nothing'
  const now = clock.now()
  const { attempts, until, at } = row.data.forward
  // Somebody is at it, or was a moment ago.
  if (attempts > 0 && now < at) return 'nothing'
  const told = { app_id: name.appId, message_id: name.messageId, attempts }
  const settings = await openCallback(ports, name.appId, signal)
  const isLate = now >= until
  if (settings?.forward_url === undefined || isLate || (await isOfErased(ports, row.data, signal))) {
    const written = await table.put(messageRow(handled(row.data)), row.version, signal)
    if (!written.ok || settings?.forward_url === undefined || !isLate) return 'nothing'
    log.error('a push was never taken', told)
    metrics.record('ForwardGivenUp', 1, told)
    return 'given-up'
  }
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS)
  const claim = { ...row.data, forward: { at: now + pause, attempts: attempts + 1, until } }
  const claimed = await table.put(messageRow(claim), row.version, signal)
  if (!claimed.ok) return 'nothing'
  const outcome = await ports.outbound.post({
    ...signedPush({ ...settings, forward_url: settings.forward_url }, { data: claim, now }),
    timeoutMs: TIMEOUT_MS,
    signal,
  })
  if ('status' in outcome && outcome.status >= 200 && outcome.status < 300) {
    await table.put(messageRow(handled(claim)), claimed.row.version)
    return 'done'
  }
  log.warn('a push was not taken', { ...told, ...outcome })
  return 'later'
}

async function isOfErased(
  ports: ForwardPorts,
  { app_id: appId, openid, created_at: sentAt }: MessageData,
  signal: AbortSignal,
): Promise<boolean> {
  const from = openid === undefined ? undefined : await knownOpenidHash(ports, { appId, openid }, signal)
  return from !== undefined && (await isErased(ports.table, { appId, openidHash: from }, { sentAt, signal }))
}

/** The same query and body, so that the consumer can check WeChat's own signature; ours says that they came through us. */
function signedPush(
  { forward_url, forward_secret }: CallbackSettings & { forward_url: string },
  { data: { app_id: appId, push }, now }: { data: MessageData; now: number },
): { url: string; headers: Record<string, string>; body: Uint8Array } {
  const { query = '', content_type: contentType = '', body: encoded = '' } = push ?? {}
  const body = Buffer.from(encoded, 'base64')
  const time = String(Math.floor(now / 1000))
  const url = query === '' ? forward_url : `${forward_url}${forward_url.includes('?') ? '&' : '?'}${query}`
  const headers = { 'content-type': contentType, 'x-sucai-app-id': appId, 'x-sucai-timestamp': time }
  if (forward_secret === undefined) return { url, headers, body }
  const signature = createHmac('sha256', forward_secret)
    .update(`${time}\n${appId}\n${query}\n`)
    .update(body)
    .digest('hex')
  return { url, headers: { ...headers, 'x-sucai-signature': `v1=${signature}` }, body }
}
