import { once } from '../once.ts'
import { weChatOver } from '../weChatOver.ts'
import { invoker } from './invoker.ts'
import { table } from './table.ts'

/** WeChat with the tokens of the table; the refresher is asked when there is none. */
export const wechat = once(() => weChatOver(table(), invoker()))
