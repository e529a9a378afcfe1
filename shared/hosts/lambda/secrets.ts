import { KMSClient } from '@aws-sdk/client-kms'
import { kmsSecrets } from '../../stores/kmsSecrets.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'

/** Secrets under the KMS key named by `KMS_KEY_ID`. */
export const secrets = once(() =>
  kmsSecrets({ keyId: requiredEnv('KMS_KEY_ID'), client: once(() => new KMSClient({})) }),
)
