/** An account with a callback, at WeChat and here, and pushes made by hand. */

import type { SimulatedAccount } from '../../local/wechat/simulatedAccount.ts'
import { ACCOUNT_PARTITION, AccountData, callbackContext } from '../../shared/core/account.ts'
import { pushKey, sealEnvelope } from '../../shared/core/push/envelope.ts'
import { pushSignature } from '../../shared/core/push/pushSignature.ts'
import type { CallbackSettings } from '../../shared/core/schemas/callback.ts'
import { APP_ID, type Ask, type World } from './world.ts'

/** The settings of both sides. */
export const CALLBACK: CallbackSettings = {
  token: 'canaryToken7',
  aes_key: 'canaryAesKeyabcdefghijklmnopqrstuvwxyz01235',
}

type ConsoleSettings = Partial<NonNullable<SimulatedAccount['push']>>

/** Sets up the callback; `console` is what WeChat's side has otherwise. */
export async function setUpCallback(
  service: World,
  settings: Partial<CallbackSettings> = {},
  console: ConsoleSettings = {},
): Promise<CallbackSettings> {
  const callback = { ...CALLBACK, ...settings }
  await writeCallback(service, callback)
  const { token, aes_key: aesKey } = callback
  const url = `https://service.test/wechat/callback/${APP_ID}`
  service.control.putAccount({ appId: APP_ID, push: { url, token, aesKey, ...console } })
  return callback
}

/** Writes an account's callback as PUT does. */
export async function writeCallback(
  { table, ports }: World,
  callback: CallbackSettings,
  appId = APP_ID,
): Promise<void> {
  const row = await table.get({ pk: ACCOUNT_PARTITION, sk: appId })
  const sealed_callback = await ports.sealer.seal(JSON.stringify(callback), callbackContext(appId))
  const data = { ...AccountData.parse(row?.data), sealed_callback }
  if (row) await table.put({ ...row, data }, row.version)
}

/** A push made by hand. */
export interface HandMade {
  message: string | Uint8Array
  callback?: CallbackSettings
  appId?: string
  /** s since the epoch; now when absent */
  timestamp?: number
  nonce?: string
  mode?: 'safe' | 'plain'
}

/** The request of a push in XML. */
export function handMade({ clock }: World, push: HandMade): Ask {
  const { message, callback = CALLBACK, appId = APP_ID, nonce = '486452656', mode = 'safe' } = push
  const timestamp = String(push.timestamp ?? Math.floor(clock.now() / 1000))
  const query = { signature: pushSignature([callback.token, timestamp, nonce]), timestamp, nonce, openid: 'o9AgO5K' }
  const ask = { params: { appId: APP_ID }, appId: null, key: null, headers: { 'content-type': 'text/xml' } }
  if (mode === 'plain') return { ...ask, query, body: message }
  const random = Buffer.from('a8eedb185eb2fecf')
  const encrypted = sealEnvelope(Buffer.from(message), { key: pushKey(callback.aes_key), appId, random })
  const msg_signature = pushSignature([callback.token, timestamp, nonce, encrypted])
  return {
    ...ask,
    query: { ...query, encrypt_type: 'aes', msg_signature },
    body: `<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
  }
}

/** An image message in XML. */
export const imageXml = (mediaId: string, msgId = '23456789012345678', more = ''): string =>
  `<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]></FromUserName><CreateTime>1714112445</CreateTime><MsgType><![CDATA[image]]></MsgType><PicUrl><![CDATA[http://mmbiz.qpic.cn/海]]></PicUrl><MsgId>${msgId}</MsgId><MediaId><![CDATA[${mediaId}]]></MediaId>${more}</xml>`

/** The rows of the account's messages. */
export const messageRows = async ({ table }: World) =>
  (await table.list<Record<string, unknown>>(`MSG#${APP_ID}`, { limit: 100 })).items

/** The rows of its temporary media. */
export const mediaRows = async ({ table }: World) =>
  (await table.list<Record<string, unknown>>(`MED#${APP_ID}`, { limit: 100 })).items
