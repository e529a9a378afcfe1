import { readFileSync } from 'node:fs'
import { keySecrets } from '../../stores/keySecrets.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'

/** Secrets under the key file that the local stack keeps in `DATA_DIR` and names in `SECRETS_KEY_FILE`. */
export const secrets = once(() => keySecrets(once(() => readFileSync(requiredEnv('SECRETS_KEY_FILE')))))
