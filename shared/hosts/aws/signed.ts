/** Ports without the SDK, for the functions whose callers count seconds. */
import { signedOpener } from '../../stores/signedOpener.ts'
import { once } from '../once.ts'
import { callerOf } from './caller.ts'

export { table } from './table.ts'

/** Opens secrets with KMS. */
export const secrets = once(() => signedOpener(callerOf('kms')))
