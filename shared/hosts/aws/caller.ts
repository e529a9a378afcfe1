import type { Provider } from '../../core/ports.ts'
import { type AwsCaller, awsCaller } from '../../stores/awsCaller.ts'
import { env } from '../env.ts'
import { once } from '../once.ts'
import { systemClock } from '../systemClock.ts'
import { systemRandom } from '../systemRandom.ts'
import { identity } from './identity.ts'
import { post } from './post.ts'

/** Calls of one service of AWS that this process signs itself, at its endpoint or the one that the SDK's variables name. */
export const callerOf = (service: 'dynamodb' | 'kms'): Provider<AwsCaller> =>
  once(() =>
    awsCaller({
      ...identity(),
      service,
      endpoint: env(`AWS_ENDPOINT_URL_${service.toUpperCase()}`) ?? env('AWS_ENDPOINT_URL'),
      ...{ post, clock: systemClock, random: systemRandom },
    }),
  )
