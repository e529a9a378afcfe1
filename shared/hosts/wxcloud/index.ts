/** The host of WeChat Cloud (CloudBase 云函数). */
export { outbound } from '../outbound.ts'
export * as lean from './lean.ts'
export { credentials, invoker, objects, sealer, secrets, signer, table, wechat } from './ports.ts'
export { serve, serveOpen } from './serve.ts'
