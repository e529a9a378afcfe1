/** Decides whether a call comes from WeChat, and reads what it says (wechat-api.md §6, security.md). */
import { AppError } from '../../core/errors.ts'
import { openEnvelope, pushKey } from '../../core/push/envelope.ts'
import { type PushFields, readPushFields } from '../../core/push/pushFields.ts'
import { isPushSignature } from '../../core/push/pushSignature.ts'
import type { CallbackSettings, PushQuery } from '../../core/schemas/callback.ts'

const WINDOW_MS = 10 * 60_000

/** A call as it came. `now` in ms since the epoch. */
export interface ArrivedPush {
  appId: string
  query: PushQuery
  /** Of the body, as {@link readPushFields} read them. */
  fields: PushFields
  /** The body's bytes. */
  body: Uint8Array
  now: number
}

/** A push that is surely WeChat's. */
export interface OpenPush {
  /** The message's bytes, decrypted. */
  message: Uint8Array
  /** `undefined` when WeChat sent something that is no message. */
  fields: PushFields | undefined
  /** Whether the signature covers the message, or only time and nonce. */
  covered: boolean
}

/** Throws `CALLBACK_REFUSED` unless the call is WeChat's verification of this address. */
export function checkVerification(
  settings: CallbackSettings | undefined,
  { query, now }: { query: Pick<PushQuery, 'timestamp' | 'nonce'> & { signature: string }; now: number },
): void {
  if (!settings) throw refused('the account has no callback')
  checkTime(query.timestamp, now)
  checkSignature(query.signature, [settings.token, query.timestamp, query.nonce])
}

/**
 * The message of a push. An encrypted one is opened with the account's key or the one before; its plain copy, where
 * there is one, counts for nothing. Throws `CALLBACK_REFUSED`.
 */
export function openPush(settings: CallbackSettings | undefined, push: ArrivedPush): OpenPush {
  if (!settings) throw refused('the account has no callback')
  const { query, fields, body, now } = push
  const { token, mode = 'safe' } = settings
  const { timestamp, nonce, encrypt_type: encryption = 'raw' } = query
  checkTime(timestamp, now)
  if (encryption === 'raw' && mode === 'plain') {
    checkSignature(query.signature, [token, timestamp, nonce])
    return { message: body, fields, covered: false }
  }
  const encrypted = fields.get('Encrypt')
  if (encryption !== 'aes' || encrypted === undefined) throw refused('it is not encrypted')
  if (mode === 'safe' && fields.has('MsgType')) throw refused('it has a plain copy beside the encrypted message')
  checkSignature(query.msg_signature, [token, timestamp, nonce, encrypted])
  const message = opened(settings, { appId: push.appId, encrypted })
  return { message, fields: readPushFields(Buffer.from(message).toString('utf8')), covered: true }
}

function checkTime(timestamp: string, now: number): void {
  if (Math.abs(now - Number(timestamp) * 1000) > WINDOW_MS) throw refused('its time is more than ten minutes off')
}

function checkSignature(signature: string | undefined, parts: string[]): void {
  if (signature === undefined || !isPushSignature(signature, parts)) throw refused('its signature is wrong')
}

function opened(
  { aes_key: current, previous_aes_key: previous }: CallbackSettings,
  { appId, encrypted }: { appId: string; encrypted: string },
): Uint8Array {
  for (const key of [current, previous]) {
    const message = key === undefined ? undefined : openEnvelope(encrypted, { key: pushKey(key), appId })
    if (message) return message
  }
  throw refused('it is encrypted with another key or for another app_id')
}

/** One sentence for everybody: who may not ask does not learn why, nor which accounts exist. */
const refused = (reason: string): AppError =>
  new AppError('CALLBACK_REFUSED', 'This is no call of WeChat for this account.', {}, { cause: new Error(reason) })
