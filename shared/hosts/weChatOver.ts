import { callQuotas } from '../domain/quotas/callQuotas.ts'
import { tokenReader } from '../domain/tokens/tokenReader.ts'
import type { Invoker } from '../ports/invoker.ts'
import type { Table } from '../ports/table.ts'
import type { Tokens } from '../ports/tokens.ts'
import type { WeChat } from '../ports/wechat.ts'
import { weChatClient } from '../wechat/client.ts'
import type { SeenCall } from '../wechat/seenCall.ts'
import { ambient } from './ambient.ts'
import { transport } from './transport.ts'

/**
 * WeChat with the tokens and quotas of `table`; the refresher is asked through `invoker` when there is no token.
 * `wrap` puts a host's own credentials before the row's.
 */
export function weChatOver(table: Table, invoker: Invoker, wrap = (rows: Tokens): Tokens => rows): WeChat {
  const { clock, random, log, metrics } = ambient()
  const tokens = wrap(tokenReader({ table, invoker, clock, random, log }))
  const quotas = callQuotas({ table, clock, log, metrics })
  const seen = (call: SeenCall) => log.info('wechat', { ...call })
  return weChatClient({ transport: transport(), tokens, quotas, clock, random, seen })
}
