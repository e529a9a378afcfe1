/** Our client of WeChat with a token that never changes: what a token costs is measured elsewhere. */
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { transport } from '../../shared/hosts/transport.ts'
import type { Quotas } from '../../shared/ports/quotas.ts'
import type { Tokens } from '../../shared/ports/tokens.ts'
import type { WeChat } from '../../shared/ports/wechat.ts'
import { weChatClient } from '../../shared/wechat/client.ts'

/** The account that everything is about. */
export const APP_ID = 'wx0123456789abcdef'

const TOKEN = { value: 'token-1', generation: 1, expiresAt: Number.MAX_SAFE_INTEGER }
const tokens: Tokens = { current: async () => TOKEN, replace: async () => TOKEN }
const nothing = async () => undefined
const quotas: Quotas = { check: nothing, park: nothing, blame: nothing, succeeded: nothing }

/** The client. */
export const ourWeChat = (): WeChat =>
  weChatClient({ transport: transport(), tokens, quotas, clock: systemClock, random: systemRandom })
