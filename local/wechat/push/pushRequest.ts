/** One delivery of a message, as it goes over the wire in each of WeChat's modes and formats (wechat-api.md §6.2, §6.3). */
import { pushKey, sealEnvelope } from '../../../shared/core/push/envelope.ts'
import { pushSignature } from '../../../shared/core/push/pushSignature.ts'
import type { Random } from '../../../shared/ports/random.ts'
import type { MessageFields } from './fanMessage.ts'
import type { PushSettings } from './pushSettings.ts'

const RANDOM_BYTES = 8

/** A delivery that can be sent. */
export interface PushRequest {
  url: string
  headers: Record<string, string>
  body: string
}

/** Signs and, unless the mode is plain, encrypts. `now` in ms since the epoch. */
export function pushRequest(
  { url, token, aesKey, mode, format, ghId }: PushSettings,
  { appId, fields, random, now }: { appId: string; fields: MessageFields; random: Random; now: number },
): PushRequest {
  const write = format === 'json' ? asJson : asXml
  const timestamp = String(Math.floor(now / 1000))
  const nonce = String(Buffer.from(random.bytes(4)).readUInt32BE())
  const target = new URL(url)
  const query = { signature: pushSignature([token, timestamp, nonce]), timestamp, nonce }
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value)
  target.searchParams.set('openid', String(new Map(fields).get('FromUserName') ?? ''))
  const headers = { 'content-type': format === 'json' ? 'application/json' : 'text/xml' }
  if (mode === 'plain') return { url: target.href, headers, body: write(fields) }
  const encrypted = sealEnvelope(Buffer.from(write(fields)), {
    key: pushKey(aesKey),
    appId,
    random: Buffer.from(Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex')),
  })
  target.searchParams.set('encrypt_type', 'aes')
  target.searchParams.set('msg_signature', pushSignature([token, timestamp, nonce, encrypted]))
  const plain: MessageFields = mode === 'compatible' ? fields : [['ToUserName', ghId]]
  return { url: target.href, headers, body: write([...plain, ['Encrypt', encrypted]]) }
}

const asXml = (fields: MessageFields): string =>
  `<xml>\n${fields
    .map(([name, value]) => `<${name}>${typeof value === 'bigint' ? value : `<![CDATA[${value}]]>`}</${name}>`)
    .join('\n')}\n</xml>`

/** By hand: JSON.stringify writes no 64-bit number. */
const asJson = (fields: MessageFields): string =>
  `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'bigint' ? value : JSON.stringify(value)}`).join(',')}}`
