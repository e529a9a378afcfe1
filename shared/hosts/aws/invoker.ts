import { LambdaClient } from '@aws-sdk/client-lambda'
import { lambdaInvoker } from '../../stores/lambdaInvoker.ts'
import { env } from '../env.ts'
import { once } from '../once.ts'

/** Calls the other functions of this stage: `FUNCTION_PREFIX` and the operation id make a function's name. */
export const invoker = once(() =>
  lambdaInvoker({ prefix: env('FUNCTION_PREFIX') ?? '', client: once(() => new LambdaClient({})) }),
)
