import { isLoopbackAddress, isPublicAddress } from '../../wechat/publicAddress.ts'
import { safePoster } from '../../wechat/safePost.ts'
import { once } from '../once.ts'

/** Posts also to this machine, so that handing pushes on can be tried. */
export const outbound = once(() =>
  safePoster({ allowHttp: true, isPublic: address => isPublicAddress(address) || isLoopbackAddress(address) }),
)
