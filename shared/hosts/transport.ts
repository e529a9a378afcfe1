import { undiciTransport } from '../wechat/transport.ts'
import { env } from './env.ts'
import { observedTransport } from './observed.ts'
import { once } from './once.ts'

const WECHAT = 'https://api.weixin.qq.com'

/** The wire to WeChat, or to what `WECHAT_API_BASE_URL` names. */
export const transport = once(() =>
  observedTransport(undiciTransport({ baseUrl: env('WECHAT_API_BASE_URL') ?? WECHAT })),
)
