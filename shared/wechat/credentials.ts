/** The credential kinds that need nothing but the AppSecret (wechat-api.md §1.1, §1.2). */
import type { Credentials } from '../ports/credentials.ts'
import type { TokenApi } from '../ports/wechat.ts'

/** `stable_token`: the same token until its last five minutes. `token`: another one with every call, which cannot be forced. */
export const secretCredentials = (tokenApi: TokenApi): Credentials => ({
  stable_token: {
    parameter: 'access_token',
    forceable: true,
    issue: async ({ appId, secret, force }, signal) => tokenApi.stableToken(appId, await secret(), force, signal),
  },
  token: {
    parameter: 'access_token',
    forceable: false,
    issue: async ({ appId, secret }, signal) => tokenApi.classicToken(appId, await secret(), signal),
  },
})

/** The same on WeChat Cloud: what the platform does not open, `cloudbase` and `cloudcall` open with a stable token. */
export const withCloudKinds = (kinds: Credentials): Credentials => ({
  ...kinds,
  ...(kinds.stable_token && { cloudbase: kinds.stable_token, cloudcall: kinds.stable_token }),
})
