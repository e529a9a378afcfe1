/** Ports without the SDK, for the functions whose callers count seconds. */
import type { Provider } from '../../core/ports.ts'
import { type AwsCaller, awsCaller } from '../../stores/awsCaller.ts'
import { signedOpener } from '../../stores/signedOpener.ts'
import { signedTable } from '../../stores/signedTable.ts'
import { env, requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { systemClock } from '../systemClock.ts'
import { systemRandom } from '../systemRandom.ts'
import { identity } from './identity.ts'
import { post } from './post.ts'

const callerOf = (service: 'dynamodb' | 'kms'): Provider<AwsCaller> =>
  once(() =>
    awsCaller({
      ...identity(),
      service,
      endpoint: env(`AWS_ENDPOINT_URL_${service.toUpperCase()}`) ?? env('AWS_ENDPOINT_URL'),
      ...{ post, clock: systemClock, random: systemRandom },
    }),
  )

/** The table named by `TABLE_NAME`. */
export const table = once(() =>
  signedTable({ tableName: requiredEnv('TABLE_NAME'), call: callerOf('dynamodb'), random: systemRandom }),
)

/** Opens secrets with KMS. */
export const secrets = once(() => signedOpener(callerOf('kms')))
