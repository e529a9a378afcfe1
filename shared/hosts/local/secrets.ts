import { readFileSync } from 'node:fs'
import type { Sealer } from '../../ports/secrets.ts'
import { keySecrets } from '../../stores/keySecrets.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'

/** Opens and seals secrets under the key file that the local stack keeps in `DATA_DIR` and names in `SECRETS_KEY_FILE`. */
export const secrets = once(() => keySecrets(once(() => readFileSync(requiredEnv('SECRETS_KEY_FILE')))))

/** The same: locally there is no role to keep the two apart. */
export const sealer: () => Sealer = secrets
