import { KMSClient } from '@aws-sdk/client-kms'
import type { Opener, Sealer } from '../../ports/secrets.ts'
import { kmsSecrets } from '../../stores/kmsSecrets.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'

/** Opens secrets under the KMS key named by `KMS_KEY_ID` (`kms:Decrypt`). */
export const secrets = once((): Opener => kms())

/** Seals them (`kms:Encrypt`). */
export const sealer = once((): Sealer => kms())

const kms = once(() => kmsSecrets({ keyId: requiredEnv('KMS_KEY_ID'), client: once(() => new KMSClient({})) }))
