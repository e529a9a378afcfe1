/** The host of AWS Lambda: `#host` unless another condition is set. */
export { invoker } from '../aws/invoker.ts'
export { objects } from '../aws/objects.ts'
export { signer } from '../aws/signer.ts'
export { table } from '../aws/table.ts'
export { wechat } from '../aws/wechat.ts'
export { credentials } from '../credentials.ts'
export { sealer, secrets } from './secrets.ts'
export { serve, serveOpen } from './serve.ts'
