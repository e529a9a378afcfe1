/**
 * The ports of WeChat Cloud: in-memory stores, WeChat itself over HTTPS. Each is marked pure, so that a bundle holds
 * only those that its function wires.
 */
import { callQuotas } from '../../domain/quotas/callQuotas.ts'
import { tokenReader } from '../../domain/tokens/tokenReader.ts'
import type { Sealer } from '../../ports/secrets.ts'
import { keySecrets } from '../../stores/keySecrets.ts'
import { memoryObjects } from '../../stores/memoryObjects.ts'
import { memorySigner } from '../../stores/memorySigner.ts'
import { memoryTable } from '../../stores/memoryTable.ts'
import { tokenClient, weChatClient } from '../../wechat/client.ts'
import { undiciTransport } from '../../wechat/transport.ts'
import { ambient } from '../ambient.ts'
import { env, requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { invoker } from './invoker.ts'

const WECHAT = 'https://api.weixin.qq.com'

const transport = /* @__PURE__ */ once(() => undiciTransport({ baseUrl: env('WECHAT_API_BASE_URL') ?? WECHAT }))

/** Rows in memory. */
export const table = /* @__PURE__ */ once(() => memoryTable())

/** Objects in memory. */
export const objects = /* @__PURE__ */ once(() => memoryObjects())

/** Signs nothing real: the URLs are of this process. */
export const signer = /* @__PURE__ */ once(() => memorySigner())

/** Secrets under the 32-byte key in `SECRETS_KEY` (base64). */
export const secrets = /* @__PURE__ */ once(() =>
  keySecrets(once(() => Buffer.from(requiredEnv('SECRETS_KEY'), 'base64'))),
)

/** Seals them. */
export const sealer: () => Sealer = secrets

/** WeChat's token endpoints. */
export const tokenApi = /* @__PURE__ */ once(() => tokenClient({ transport: transport(), clock: ambient().clock }))

/** WeChat with the tokens of the table. */
export const wechat = /* @__PURE__ */ once(() => {
  const { clock, random, log } = ambient()
  const tokens = tokenReader({ table: table(), invoker: invoker(), clock, random, log })
  const quotas = callQuotas({ table: table(), clock, log })
  return weChatClient({ transport: transport(), tokens, quotas, clock, random })
})
