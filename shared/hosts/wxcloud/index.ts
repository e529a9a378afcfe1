/** The host of WeChat Cloud (CloudBase 云函数). Its stores live in the process until the cloud's own come. */

export { credentials } from '../credentials.ts'
export { invoker } from './invoker.ts'
export { objects, sealer, secrets, signer, table, wechat } from './ports.ts'
export { serve, serveOpen } from './serve.ts'
