/** Takes a push in: checked, persisted with one write, handed over; the work itself comes after WeChat's answer. */
import { createHash } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import { readPushFields } from '../../core/push/pushFields.ts'
import type { PushQuery } from '../../core/schemas/callback.ts'
import { ARCHIVER, PUSH_FORWARDER, tellOf } from './handOver.ts'
import { type MessageData, messageRow, NonceData, nonceRow } from './messageRow.ts'
import { openCallback } from './openCallback.ts'
import { type OpenPush, openPush } from './openPush.ts'
import { type ReadMessage, readMessage } from './readMessage.ts'

/** When the schedule takes up what was not handed over. */
const TAKE_UP_AFTER_MS = 30_000
/** A consumer that is away for a day has lost what came in. */
const FORWARD_FOR_MS = 86_400_000

/** A push as it came. */
export interface Push {
  appId: string
  query: PushQuery
  /** The raw query, for those the push is handed on to. */
  search: string
  contentType: string
  body: Uint8Array
}

type ReceivePorts = PortsOf<'table' | 'secrets' | 'invoker'>

/**
 * Once it returns, WeChat may be answered `success`: a message with media, or one to be handed on, is in the table, and
 * any number of deliveries of it, also at once, are one row. Throws `CALLBACK_REFUSED`, `INVALID_REQUEST` for a body
 * that is neither XML nor JSON or nested too deeply, and `STORE_UNAVAILABLE`, so that WeChat delivers it again.
 */
export async function receivePush(ports: ReceivePorts, push: Push, signal: AbortSignal): Promise<void> {
  const { clock, log, metrics } = ports
  const { appId, query, body } = push
  const fields = readPushFields(Buffer.from(body).toString('utf8'))
  if (!fields)
    throw new AppError('INVALID_REQUEST', 'The body is neither the XML nor the JSON of a push, or nested too deeply.')
  if (fields.get('action') === 'CheckContainerPath') return
  const now = clock.now()
  const settings = await openCallback(ports, appId, signal)
  const opened = counted(ports, appId, () => openPush(settings, { appId, query, fields, body, now }))
  const message = readMessage(opened.fields, opened.message)
  if (!opened.fields) {
    log.error('a push of WeChat could not be read', { app_id: appId, message_id: message.messageId })
    metrics.record('PushUnreadable', 1, { app_id: appId, message_id: message.messageId })
  }
  const data = dataOf(push, { message, now, forwards: settings?.forward_url !== undefined })
  if (!data || !(await isFirstOf(ports, { push, opened, data, now }, signal))) return
  const written = await ports.table.put(messageRow(data), 0, signal)
  if (written.ok) await tellOf(ports, data.media.length > 0 ? ARCHIVER : PUSH_FORWARDER, data)
}

/** An operator whose console does not fit the account sees it here first. */
function counted<T>({ metrics }: ReceivePorts, appId: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    metrics.record('PushRefused', 1, { app_id: appId })
    throw error
  }
}

/** `undefined` when nothing is to be done with it. */
function dataOf(
  { appId, search, contentType, body }: Push,
  { message, now, forwards }: { message: ReadMessage; now: number; forwards: boolean },
): MessageData | undefined {
  const { messageId, type, event, openid, createdAt = now, media } = message
  if (media.length === 0 && !forwards) return undefined
  const takeUp = now + TAKE_UP_AFTER_MS
  return {
    app_id: appId,
    message_id: messageId,
    type,
    ...(event !== undefined && { event }),
    created_at: createdAt,
    received_at: now,
    media,
    failures: 0,
    ...(openid !== undefined && { openid }),
    ...(media.length > 0 && { archive_at: takeUp }),
    ...(forwards && {
      push: { query: search, content_type: contentType, body: Buffer.from(body).toString('base64') },
      forward: { at: takeUp, attempts: 0, until: now + FORWARD_FOR_MS },
    }),
  }
}

/**
 * A signature that does not cover its message counts for one message only, or whoever saw it could say anything with
 * it. The message's own id is bound, not the mere sight of it: a delivery that died before its row was written may come
 * again.
 */
async function isFirstOf(
  { table, log, metrics }: ReceivePorts,
  { push, opened, data, now }: { push: Push; opened: OpenPush; data: MessageData; now: number },
  signal: AbortSignal,
): Promise<boolean> {
  if (opened.covered) return true
  const { timestamp, nonce, signature } = push.query
  const signed = createHash('sha256')
    .update(JSON.stringify([timestamp, nonce, signature]))
    .digest('hex')
  const name = { appId: data.app_id, messageId: data.message_id }
  const bound = await table.put<unknown>(nonceRow(name, { signed, now }), 0, signal)
  if (bound.ok || NonceData.parse(bound.current?.data).message_id === data.message_id) return true
  log.warn('a signature of WeChat came again with another message', { app_id: data.app_id })
  metrics.record('PushRefused', 1, { app_id: data.app_id })
  return false
}
