/**
 * The ports of WeChat Cloud: in-memory stores, WeChat itself over HTTPS. Each is marked pure, so that a bundle holds
 * only those that its function wires.
 */
import type { Sealer } from '../../ports/secrets.ts'
import { keySecrets } from '../../stores/keySecrets.ts'
import { memoryObjects } from '../../stores/memoryObjects.ts'
import { memorySigner } from '../../stores/memorySigner.ts'
import { memoryTable } from '../../stores/memoryTable.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { weChatOver } from '../weChatOver.ts'
import { invoker } from './invoker.ts'

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

/** WeChat with the tokens of the table. */
export const wechat = /* @__PURE__ */ once(() => weChatOver(table(), invoker()))
