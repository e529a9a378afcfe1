import { callQuotas } from '../../domain/quotas/callQuotas.ts'
import { tokenReader } from '../../domain/tokens/tokenReader.ts'
import { weChatClient } from '../../wechat/client.ts'
import { ambient } from '../ambient.ts'
import { once } from '../once.ts'
import { invoker } from './invoker.ts'
import { table } from './table.ts'
import { transport } from './transport.ts'

/** WeChat with the tokens of the table; the refresher is asked when there is none. */
export const wechat = once(() => {
  const { clock, random, log } = ambient()
  const tokens = tokenReader({ table: table(), invoker: invoker(), clock, random, log })
  const quotas = callQuotas({ table: table(), clock, log })
  return weChatClient({ transport: transport(), tokens, quotas, clock, random })
})
