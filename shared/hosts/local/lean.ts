/** As on Lambda, but for the secrets. */
export { table } from '../aws/signed.ts'
export { secrets } from './secrets.ts'
