/**
 * The `Invoker` port over AWS Lambda's Invoke (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). One request,
 * signed here: the SDK's client is 70 kB to load in every function that may call another.
 */
import { AppError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Invoker } from '../ports/invoker.ts'
import type { Random } from '../ports/random.ts'
import { type AwsCredentials, signedHeaders } from './sigV4.ts'

/** Sends a POST and reads the answer whole. Rejects when there is none, or with the signal's reason. */
export type Post = (
  url: URL,
  request: { headers: Record<string, string>; body: Uint8Array; signal: AbortSignal | undefined },
) => Promise<PostAnswer>

/** What came back. Header names are lower case. */
export interface PostAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** Functions are named `${prefix}${operation id}`. */
export interface LambdaInvokerOptions {
  prefix: string
  region: string
  credentials: AwsCredentials
  /** Another server than AWS's. */
  endpoint?: string | undefined
  post: Post
  clock: Clock
  random: Random
}

const MAX_TRIES = 3
const FIRST_PAUSE_MS = 100
const THROTTLED = 429

/**
 * Throttled calls, faults of Lambda and broken connections are tried three times, as the SDK does. Throws
 * `AppError('INTERNAL')` when the function failed or could not be called.
 */
export function lambdaInvoker(options: LambdaInvokerOptions): Invoker {
  const { prefix, region, credentials, endpoint, post, clock, random } = options
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const origin = endpoint ?? `https://lambda.${region}.${suffix}`

  const attempt = (id: string, body: Uint8Array, type: string, signal: AbortSignal | undefined) => {
    const url = new URL(`/2015-03-31/functions/${prefix}${id}/invocations`, origin)
    const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': type }
    const request = { method: 'POST', host: url.host, path: url.pathname, headers, body }
    const signed = signedHeaders(request, { credentials, region, service: 'lambda', now: clock.now() })
    return post(url, { headers: signed, body, signal })
  }

  const invoke = async (id: string, payload: unknown, type: string, signal?: AbortSignal): Promise<PostAnswer> => {
    const body = Buffer.from(JSON.stringify(payload))
    for (let tries = 1; ; tries++) {
      const outcome = await attempt(id, body, type, signal).catch((cause: unknown) => ({ cause }))
      if ('status' in outcome && outcome.status < 300) return outcome
      const isPassing = !('status' in outcome) || outcome.status === THROTTLED || outcome.status >= 500
      if (!isPassing || tries === MAX_TRIES || signal?.aborted) throw notCalled(id, outcome)
      await clock.sleep(random.fraction() * FIRST_PAUSE_MS * 2 ** tries, signal).catch(() => undefined)
    }
  }

  return {
    async call(id, payload, signal) {
      const { headers, text } = await invoke(id, payload, 'RequestResponse', signal)
      if (headers['x-amz-function-error'] !== undefined) {
        throw new AppError('INTERNAL', `The function ${id} failed.`, {}, { cause: new Error(text) })
      }
      return text === '' ? undefined : JSON.parse(text)
    },
    async send(id, payload, signal) {
      await invoke(id, payload, 'Event', signal)
    },
  }
}

function notCalled(id: string, outcome: PostAnswer | { cause: unknown }): AppError {
  const cause = 'cause' in outcome ? outcome.cause : new Error(`status ${outcome.status}: ${outcome.text}`)
  return new AppError('INTERNAL', `The function ${id} could not be called.`, {}, { cause })
}
