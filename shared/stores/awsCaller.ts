/** Signed calls of a service of AWS, repeated where AWS asks for it: what a function that must be small needs of an SDK. */
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Post, PostAnswer } from './lambdaInvoker.ts'
import { type AwsCredentials, signedHeaders } from './sigV4.ts'

/** Which service of AWS, and what it takes to ask it. */
export interface AwsCallerOptions {
  service: string
  region: string
  credentials: AwsCredentials
  /** Another server than AWS's. */
  endpoint?: string | undefined
  post: Post
  clock: Clock
  random: Random
}

/** One call of a JSON service. */
export interface AwsCall {
  /** Such as `DynamoDB_20120810.GetItem`. */
  target: string
  contentType: string
  input: object
  signal?: AbortSignal | undefined
}

/** An answer, whatever its status; `attempts` counts it and those before it. */
export interface AwsAnswer extends PostAnswer {
  attempts: number
}

/** Makes calls. Rejects as `Post` does when none of three attempts got an answer. */
export type AwsCaller = (call: AwsCall) => Promise<AwsAnswer>

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 50
/** The SDK's list, as far as these services use it. https://docs.aws.amazon.com/general/latest/gr/api-retries.html */
const THROTTLED = /ThrottlingException|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests|LimitExceeded/

/** A caller of one service. */
export function awsCaller({
  service,
  region,
  credentials,
  endpoint,
  post,
  clock,
  random,
}: AwsCallerOptions): AwsCaller {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const url = new URL('/', endpoint ?? `https://${service}.${region}.${suffix}`)
  const attempt = ({ target, contentType, input, signal }: AwsCall): Promise<PostAnswer> => {
    const body = Buffer.from(JSON.stringify(input))
    const headers = { 'content-type': contentType, 'x-amz-target': target }
    const request = { method: 'POST', host: url.host, path: url.pathname, headers, body }
    const signed = signedHeaders(request, { credentials, region, service, now: clock.now() })
    return post(url, { headers: signed, body, signal })
  }
  return async call => {
    for (let attempts = 1; ; attempts++) {
      const outcome = await attempt(call).catch((error: unknown) => ({ error }))
      const isLast = attempts === ATTEMPTS || call.signal?.aborted === true
      if ('error' in outcome) {
        if (isLast) throw outcome.error
      } else if (isLast || !(outcome.status >= 500 || (outcome.status === 400 && THROTTLED.test(outcome.text)))) {
        return { ...outcome, attempts }
      }
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempts - 1) * random.fraction(), call.signal)
    }
  }
}
