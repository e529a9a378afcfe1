import { callQuotas } from '../domain/quotas/callQuotas.ts'
import { tokenReader } from '../domain/tokens/tokenReader.ts'
import type { Invoker } from '../ports/invoker.ts'
import type { Table } from '../ports/table.ts'
import type { Tokens } from '../ports/tokens.ts'
import type { WeChat } from '../ports/wechat.ts'
import { weChatClient } from '../wechat/client.ts'
import type { SeenCall } from '../wechat/seenCall.ts'
import type { Transport } from '../wechat/transportPort.ts'
import { ambient } from './ambient.ts'
import { transport } from './transport.ts'

/** A host's own ways: credentials before the row's, another wire for some calls. */
export interface OwnWays {
  tokens?: (rows: Tokens) => Tokens
  transport?: (over: Transport) => Transport
}

/** WeChat with the tokens and quotas of `table`; the refresher is asked through `invoker` when there is no token. */
export function weChatOver(table: Table, invoker: Invoker, own: OwnWays = {}): WeChat {
  const { clock, random, log, metrics } = ambient()
  const rows = tokenReader({ table, invoker, clock, random, log })
  const tokens = own.tokens?.(rows) ?? rows
  const quotas = callQuotas({ table, clock, log, metrics })
  const seen = (call: SeenCall) => log.info('wechat', { ...call })
  const wire = own.transport?.(transport()) ?? transport()
  return weChatClient({ transport: wire, tokens, quotas, clock, random, seen })
}
