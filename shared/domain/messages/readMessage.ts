/** What the service needs to know of a message (wechat-api.md §6.2, §6.4). */
import { createHash } from 'node:crypto'
import type * as z from 'zod'
import type { PushFields } from '../../core/push/pushFields.ts'
import type { MediaTypeName } from '../../core/schemas/media.ts'

/** One file that a message names. */
export interface MessageMedia {
  media_id: string
  type: z.infer<typeof MediaTypeName>
}

/** A message, as far as it matters here. */
export interface ReadMessage {
  /** The same for each delivery of one message. */
  messageId: string
  type: string
  event?: string
  openid?: string
  /** ms since the epoch */
  createdAt?: number
  media: MessageMedia[]
}

/** The fields that name media, by MsgType. `MediaId16K` is a voice of its own, in a better quality. */
const MEDIA_FIELDS: Readonly<Record<string, readonly (readonly [string, MessageMedia['type']])[]>> = {
  image: [['MediaId', 'image']],
  voice: [
    ['MediaId', 'voice'],
    ['MediaId16K', 'voice'],
  ],
  video: [
    ['MediaId', 'video'],
    ['ThumbMediaId', 'thumb'],
  ],
  shortvideo: [
    ['MediaId', 'video'],
    ['ThumbMediaId', 'thumb'],
  ],
}
const MEDIA_ID = /^[\w-]{1,128}$/
const MAX_NAME_CHARS = 64

/** Reads a message; `fields` is `undefined` for one that is none, of which only the bytes tell it from others. */
export function readMessage(fields: PushFields | undefined, message: Uint8Array): ReadMessage {
  if (!fields) return { messageId: `x-${hashOf(message)}`, type: 'unreadable', media: [] }
  const type = named(fields.get('MsgType'))
  const event = fields.get('Event')
  const openid = fields.get('FromUserName')
  const createTime = fields.get('CreateTime') ?? ''
  const found = (MEDIA_FIELDS[type] ?? []).map(([name, type]) => ({ media_id: fields.get(name) ?? '', type }))
  return {
    messageId: idOf(fields),
    type,
    media: found.filter(({ media_id }) => MEDIA_ID.test(media_id)),
    ...(event !== undefined && { event: named(event) }),
    ...(openid && { openid }),
    ...(/^\d{1,11}$/.test(createTime) && { createdAt: Number(createTime) * 1000 }),
  }
}

/** Messages have a MsgId; an event is told by its sender, time and kind. */
function idOf(fields: PushFields): string {
  // The older documents spell it MsgID.
  const msgId = fields.get('MsgId') ?? fields.get('MsgID') ?? ''
  if (/^\d{1,20}$/.test(msgId)) return `m-${msgId}`
  const told = ['FromUserName', 'CreateTime', 'MsgType', 'Event', 'EventKey'].map(name => fields.get(name) ?? '')
  return `e-${hashOf(JSON.stringify([...told, msgId]))}`
}

const hashOf = (told: string | Uint8Array): string => createHash('sha256').update(told).digest('hex')

const named = (text = ''): string => text.slice(0, MAX_NAME_CHARS)
