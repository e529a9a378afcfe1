import { safePoster } from '../wechat/safePost.ts'
import { once } from './once.ts'

/** Posts over https to public addresses. */
export const outbound = /* @__PURE__ */ once(() => safePoster())
