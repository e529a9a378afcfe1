/** The host of the local stack: Lambda's own, talking to the embedded servers, with a key file instead of KMS. */
export { invoker } from '../aws/invoker.ts'
export { signer } from '../aws/signer.ts'
export { serve, serveOpen } from '../lambda/serve.ts'
export * as lean from './lean.ts'
export { outbound } from './outbound.ts'
export { credentials, objects, table, wechat } from './ports.ts'
export { sealer, secrets } from './secrets.ts'
