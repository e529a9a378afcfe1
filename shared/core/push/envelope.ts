/** The encrypted envelope of the message push: AES-256-CBC around random bytes, length, message, app_id (wechat-api.md §6.3). */
import { createCipheriv, createDecipheriv } from 'node:crypto'

const CIPHER = 'aes-256-cbc'
const KEY_BYTES = 32
const IV_BYTES = 16
const CIPHER_BLOCK_BYTES = 16
const RANDOM_BYTES = 16
const LENGTH_BYTES = 4
/** WeChat pads to 32 bytes, the cipher's own block being 16: no library's padding takes it off. */
const PADDING_BLOCK_BYTES = 32

/** The 32 bytes that an EncodingAESKey (43 characters) stands for. Throws `TypeError` for any other text. */
export function pushKey(encodingAesKey: string): Buffer {
  // Node ignores the two bits that a last character may have too many; some consoles gave out such keys.
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  if (key.length !== KEY_BYTES) throw new TypeError('an EncodingAESKey has 43 characters of base64')
  return key
}

/** The message inside `encrypted` (base64), `undefined` when it was not made with this key for this app_id. */
export function openEnvelope(encrypted: string, { key, appId }: { key: Buffer; appId: string }): Buffer | undefined {
  const bytes = Buffer.from(encrypted, 'base64')
  if (bytes.length === 0 || bytes.length % CIPHER_BLOCK_BYTES !== 0) return undefined
  const decipher = createDecipheriv(CIPHER, key, key.subarray(0, IV_BYTES)).setAutoPadding(false)
  const content = unpadded(Buffer.concat([decipher.update(bytes), decipher.final()]))
  if (!content || content.length < RANDOM_BYTES + LENGTH_BYTES) return undefined
  const start = RANDOM_BYTES + LENGTH_BYTES
  const end = start + content.readUInt32BE(RANDOM_BYTES)
  if (end > content.length || !content.subarray(end).equals(Buffer.from(appId))) return undefined
  return content.subarray(start, end)
}

/** `message` as WeChat would encrypt it, in base64; `random` has 16 bytes. */
export function sealEnvelope(
  message: Uint8Array,
  { key, appId, random }: { key: Buffer; appId: string; random: Uint8Array },
): string {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(message.length)
  const content = Buffer.concat([random, length, message, Buffer.from(appId)])
  const pad = PADDING_BLOCK_BYTES - (content.length % PADDING_BLOCK_BYTES)
  const cipher = createCipheriv(CIPHER, key, key.subarray(0, IV_BYTES)).setAutoPadding(false)
  return Buffer.concat([cipher.update(content), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString(
    'base64',
  )
}

function unpadded(content: Buffer): Buffer | undefined {
  const pad = content.at(-1) ?? 0
  if (pad < 1 || pad > PADDING_BLOCK_BYTES || pad > content.length) return undefined
  const end = content.length - pad
  return content.subarray(end).every(byte => byte === pad) ? content.subarray(0, end) : undefined
}
