import { tokenClient } from '../wechat/client.ts'
import { ambient } from './ambient.ts'
import { once } from './once.ts'
import { transport } from './transport.ts'

/** WeChat's token endpoints. */
export const tokenApi = once(() => tokenClient({ transport: transport(), clock: ambient().clock }))
