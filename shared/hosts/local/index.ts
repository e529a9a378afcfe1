/** The host of the local stack: Lambda's own, talking to the embedded servers, with a key file instead of KMS. */
export { invoker } from '../aws/invoker.ts'
export { objects } from '../aws/objects.ts'
export { signer } from '../aws/signer.ts'
export { table } from '../aws/table.ts'
export { wechat } from '../aws/wechat.ts'
export { credentials } from '../credentials.ts'
export { serve, serveOpen } from '../lambda/serve.ts'
export { sealer, secrets } from './secrets.ts'
