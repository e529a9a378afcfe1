/** The table row of a message: persisted before WeChat hears `success` (docs/data-model.md). */
import * as z from 'zod'
import { MediaTypeName } from '../../core/schemas/media.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'

/** The schema version that this code writes. */
export const MESSAGE_SCHEMA_VERSION = 1
/** The due-time queue of messages whose media are not tracked yet. */
export const MESSAGE_QUEUE = 'message'
/** The due-time queue of pushes that are to be handed on. */
export const FORWARD_QUEUE = 'push'
/** Handled rows are kept so long: a redelivery meets them. */
const KEEP_S = 30 * 86_400
/** Longer than a signature is taken, on both sides of now. */
const KEEP_NONCE_S = 20 * 60

/** What the row's `data` holds; times in ms since the epoch. */
export const MessageData = z.object({
  app_id: z.string(),
  message_id: z.string(),
  type: z.string(),
  event: z.string().optional(),
  /** WeChat's CreateTime. */
  created_at: z.number(),
  received_at: z.number(),
  media: z.array(z.object({ media_id: z.string(), type: MediaTypeName })),
  /** Who sent it, until the media are tracked under its hash and the push is handed on. */
  openid: z.string().optional(),
  /** When the archiver has its next turn; absent once the media are tracked. */
  archive_at: z.number().optional(),
  /** Turns of the archiver that failed. */
  failures: z.number(),
  /** The push as it came, until it is handed on; `body` in base64. */
  push: z.object({ query: z.string(), content_type: z.string(), body: z.string() }).optional(),
  /** When it is handed on next, how often that was tried, and when it is given up. */
  forward: z.object({ at: z.number(), attempts: z.number(), until: z.number() }).optional(),
})

/** The stored form of a message. */
export type MessageData = z.infer<typeof MessageData>

/** A row with its version. */
export type MessageRow = Row<MessageData>

/** Which message. */
export interface MessageName {
  appId: string
  messageId: string
}

/** Where a message's row is. */
export const messageKey = ({ appId, messageId }: MessageName): RowKey => ({ pk: `MSG#${appId}`, sk: messageId })

/** The message that a row key belongs to. */
export const parseMessageKey = ({ pk, sk }: RowKey): MessageName | undefined =>
  pk.startsWith('MSG#') ? { appId: pk.slice('MSG#'.length), messageId: sk } : undefined

/** Reads a message, `undefined` when there is none. */
export async function findMessage(
  table: Table,
  name: MessageName,
  signal?: AbortSignal,
): Promise<MessageRow | undefined> {
  const row = await table.get<unknown>(messageKey(name), signal)
  return row && { ...row, data: MessageData.parse(row.data) }
}

/** The message when nothing is left to do: neither who sent it nor what it said. */
export const handled = ({ archive_at: _, openid: __, push: ___, forward: ____, ...data }: MessageData): MessageData =>
  data

/** The row to write for `data`: due while something is left to do, else collected after 30 days. */
export function messageRow(data: MessageData): RowDraft<MessageData> {
  const { app_id: appId, message_id: messageId, archive_at, forward, received_at } = data
  const row = { ...messageKey({ appId, messageId }), schemaVersion: MESSAGE_SCHEMA_VERSION, data }
  if (archive_at !== undefined) return { ...row, due: { queue: MESSAGE_QUEUE, at: archive_at } }
  if (forward) return { ...row, due: { queue: FORWARD_QUEUE, at: forward.at } }
  return { ...row, ttl: Math.ceil(received_at / 1000) + KEEP_S }
}

/** The row that binds a signature which does not cover its message to the one message it came with. `now` in ms. */
export const nonceRow = (
  { appId, messageId }: MessageName,
  { signed, now }: { signed: string; now: number },
): RowDraft<{ message_id: string }> => ({
  pk: `NONCE#${appId}`,
  sk: signed,
  schemaVersion: MESSAGE_SCHEMA_VERSION,
  data: { message_id: messageId },
  ttl: Math.ceil(now / 1000) + KEEP_NONCE_S,
})

/** What {@link nonceRow} holds. */
export const NonceData = z.object({ message_id: z.string() })
