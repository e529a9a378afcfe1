/** What a fan does, and the fields of the message that WeChat makes of it (wechat-api.md §6.2). */
import type { FileType } from '../mutation.ts'
import { imageUrl } from '../publicUrls.ts'
import type { Simulator } from '../simulator.ts'
import type { AccountState } from '../state.ts'

/** A file that a fan sent; `jssdk` is a voice of JS-SDK's uploadVoice. */
export interface FanMedia {
  type: FileType | 'jssdk'
  body: Buffer
  filename?: string
}

/** One act of a fan. */
export interface FanMessage {
  type: 'image' | 'voice' | 'video' | 'shortvideo' | 'text' | 'event'
  /** The file, for types that have one. */
  body?: Buffer
  filename?: string
  /** The text, or an event's EventKey. */
  content?: string
  /** An event's name, such as `subscribe`. */
  event?: string
  openid?: string
  /** Elements that no document mentions. */
  extra?: Record<string, string>
}

/** Names and values in the order in which they are written; numbers are bare. */
export type MessageFields = [name: string, value: string | bigint][]

/** Stores a fan's file; answers its media_id. */
export type AddMedia = (media: FanMedia) => string

const FAN = 'o6_bmjrPTlm6_2sgVt7hMZOPfL2M'
/** What WeChat makes of a video's first frame. */
const THUMB = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex')
/** MsgIds are above 2^53: whoever reads them as a number of JavaScript loses digits. */
const MSG_ID_FLOOR = 2n ** 62n

/** The fields of a message from now on; its files become temporary media. */
export function messageOf(
  simulator: Simulator,
  { account, message, addMedia }: { account: AccountState; message: FanMessage; addMedia: AddMedia },
): MessageFields {
  const { type, openid = FAN, extra = {} } = message
  const ghId = account.settings.push?.ghId ?? ''
  const fields: MessageFields = [
    ['ToUserName', ghId],
    ['FromUserName', openid],
    ['CreateTime', BigInt(Math.floor(simulator.now() / 1000))],
    ['MsgType', type],
    ...(type === 'event' ? eventFields(message) : contentFields(simulator, { account, message, addMedia })),
    ...Object.entries(extra),
  ]
  return type === 'event' ? fields : [...fields, ['MsgId', newMsgId(simulator)]]
}

const eventFields = ({ event = 'subscribe', content = '' }: FanMessage): MessageFields => [
  ['Event', event],
  ['EventKey', content],
]

function contentFields(
  simulator: Simulator,
  { account, message, addMedia }: { account: AccountState; message: FanMessage; addMedia: AddMedia },
): MessageFields {
  const { type, body = Buffer.alloc(0), filename, content = '' } = message
  const store = (kind: FanMedia['type'], bytes: Buffer): string =>
    addMedia({ type: kind, body: bytes, ...(filename !== undefined && { filename }) })
  switch (type) {
    case 'image': {
      const mediaId = store('image', body)
      const file = account.media.get(mediaId)?.file
      return [
        ['PicUrl', file ? imageUrl(simulator, account.settings, file) : ''],
        ['MediaId', mediaId],
      ]
    }
    case 'voice':
      // Recognition is there and empty, whatever the console says (wechat-api.md §6.2).
      return [
        ['MediaId', store('voice', body)],
        ['Format', 'amr'],
        ['MediaId16K', store('voice', body)],
        ['Recognition', ''],
      ]
    case 'video':
    case 'shortvideo':
      return [
        ['MediaId', store('video', body)],
        ['ThumbMediaId', addMedia({ type: 'thumb', body: THUMB })],
      ]
    default:
      return [['Content', content]]
  }
}

const newMsgId = ({ random }: Simulator): bigint =>
  MSG_ID_FLOOR + BigInt(`0x${Buffer.from(random.bytes(7)).toString('hex')}`)
