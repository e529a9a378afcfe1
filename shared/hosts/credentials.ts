import { tokenClient } from '../wechat/client.ts'
import { secretCredentials } from '../wechat/credentials.ts'
import { ambient } from './ambient.ts'
import { once } from './once.ts'
import { transport } from './transport.ts'

/** The credential kinds that ask WeChat's token endpoints. */
export const credentials = once(() =>
  secretCredentials(tokenClient({ transport: transport(), clock: ambient().clock })),
)
