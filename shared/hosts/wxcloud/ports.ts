/**
 * The ports of WeChat Cloud: its database, storage and functions through the CloudBase SDK, WeChat itself over HTTPS.
 * Each is marked pure, so that a bundle holds only those that its function wires.
 */
import { cloudTokens } from '../../domain/tokens/cloudTokens.ts'
import type { Sealer } from '../../ports/secrets.ts'
import { type CloudBaseClient, cloudBase } from '../../stores/cloudBase.ts'
import { cloudCalls } from '../../stores/cloudCalls.ts'
import { cloudInvoker } from '../../stores/cloudInvoker.ts'
import { cloudObjects } from '../../stores/cloudObjects.ts'
import { cloudSigner } from '../../stores/cloudSigner.ts'
import { cloudTable } from '../../stores/cloudTable.ts'
import { keySecrets } from '../../stores/keySecrets.ts'
import { cloudCallTransport, isCloudCall } from '../../wechat/cloudCall.ts'
import { withCloudKinds } from '../../wechat/credentials.ts'
import { carrying } from '../callContext.ts'
import { credentials as secretCredentials } from '../credentials.ts'
import { env, requiredEnv } from '../env.ts'
import { observedCloudCalls } from '../observed.ts'
import { once } from '../once.ts'
import { systemClock } from '../systemClock.ts'
import { systemRandom } from '../systemRandom.ts'
import { weChatOver } from '../weChatOver.ts'
import { cloudTokenSource } from './cloudToken.ts'

/** The environment that the functions are in; `CLOUDBASE_URL` names a stand-in's interface. */
const shared = /* @__PURE__ */ once((): CloudBaseClient => {
  // The SDK's own warnings about slow calls are no JSON lines, and one is still printed after a call that failed.
  process.env['SILENCE'] ??= 'true'
  // Without it the SDK would end the process by an unhandled rejection.
  requiredEnv('TENCENTCLOUD_SECRETID')
  return cloudBase({ env: env('TCB_ENV') ?? requiredEnv('SCF_NAMESPACE'), serviceUrl: env('CLOUDBASE_URL') })
})
const client: CloudBaseClient = () => shared()()

/** The rows of the collection named by `COLLECTION`. */
export const table = /* @__PURE__ */ once(() =>
  cloudTable({ collection: env('COLLECTION') ?? 'sucai', client, random: systemRandom }),
)

/** The files of the environment's storage. */
export const objects = /* @__PURE__ */ once(() => cloudObjects({ client }))

/** Signs for the same storage. */
export const signer = /* @__PURE__ */ once(() => cloudSigner({ client }))

/** Calls the other functions of the environment. */
export const invoker = /* @__PURE__ */ once(() => carrying(cloudInvoker({ client, clock: systemClock })))

/** Secrets under the 32-byte key in `SECRETS_KEY` (base64). */
export const secrets = /* @__PURE__ */ once(() =>
  keySecrets(once(() => Buffer.from(requiredEnv('SECRETS_KEY'), 'base64'))),
)

/** Seals them. */
export const sealer: () => Sealer = secrets

/** WeChat with the platform's own tokens or calls where they open a call, else with the tokens of the table. */
export const wechat = /* @__PURE__ */ once(() =>
  weChatOver(table(), invoker(), {
    tokens: rows => cloudTokens({ rows, source: cloudTokenSource, isCloudCall, table: table(), clock: systemClock }),
    transport: over => cloudCallTransport(over, observedCloudCalls(cloudCalls({ client }))),
  }),
)

/** The kinds that need an AppSecret; for `cloudbase` and `cloudcall` it opens what the platform does not. */
export const credentials = /* @__PURE__ */ once(() => withCloudKinds(secretCredentials()))
