import { lambdaInvoker } from '../../stores/lambdaInvoker.ts'
import { carrying } from '../callContext.ts'
import { env } from '../env.ts'
import { once } from '../once.ts'
import { systemClock } from '../systemClock.ts'
import { systemRandom } from '../systemRandom.ts'
import { identity } from './identity.ts'
import { post } from './post.ts'

/** Calls the other functions of this stage: `FUNCTION_PREFIX` and the operation id make a function's name. */
export const invoker = once(() =>
  carrying(
    lambdaInvoker({
      ...identity(),
      prefix: env('FUNCTION_PREFIX') ?? '',
      endpoint: env('AWS_ENDPOINT_URL_LAMBDA') ?? env('AWS_ENDPOINT_URL'),
      post,
      clock: systemClock,
      random: systemRandom,
    }),
  ),
)
