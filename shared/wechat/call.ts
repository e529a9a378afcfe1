/** Sends an endpoint's request under the account's token and hands the answer to its judge. */
import { AppError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Quotas } from '../ports/quotas.ts'
import type { Random } from '../ports/random.ts'
import type { Tokens } from '../ports/tokens.ts'
import type { BinaryMedia } from '../ports/wechat.ts'
import type { ApiAnswer, ApiRequest } from './apiCall.ts'
import { openFile } from './download.ts'
import { ENDPOINTS, type Endpoint } from './endpoints.ts'
import { decodeText } from './json.ts'
import { notUnderstood } from './judge.ts'
import { readWhole, type WholeBody } from './readWhole.ts'
import { withoutSecrets } from './redact.ts'
import { mayRepeat, needsNewToken, ruleOf } from './refusal.ts'
import { type CallWatch, watched } from './seenCall.ts'
import type { Transport, TransportAnswer } from './transportPort.ts'

/** What every call needs from outside. */
export interface Wires {
  transport: Transport
  clock: Clock
}

/** What calls for an account need beside. */
export interface AccountWires extends Wires, CallWatch {
  tokens: Tokens
  quotas: Quotas
  random: Random
}

/** Times a call is made before its failure is the answer. */
const MAX_TRIES = 3
/** The longest first pause; each later one may be twice as long. Full jitter: a random part of it, so that callers part. */
const FIRST_PAUSE_MS = 500

/** One call: how it is asked and how its JSON answer is judged. */
export interface Step<T> {
  request: ApiRequest
  judge: (answer: ApiAnswer) => T
  signal: AbortSignal | undefined
}

/** Makes the call without a token; `secrets` never appear in an error. */
export async function callBare<T>(wires: Wires, step: Step<T>, secrets: string[]): Promise<T> {
  const answer = await send(wires, step, {})
  return judged(wires, step, secrets, { answer, body: await readWhole(answer.body) })
}

/**
 * Makes the call for an account, unless WeChat parked it. A refusal for the token (40001, 40014, 42001: nothing was
 * executed) is answered by one repetition under the token that {@link Tokens.replace} gives; a second one is thrown.
 * What is surely not accepted is tried three times in all while the signal lasts, but not with a file: whoever sends
 * files has queues for that, and tries of tries would be a storm.
 */
export function call<T>(wires: AccountWires, appId: string, step: Step<T>): Promise<T> {
  return underToken(wires, appId, step, async (answer, token) =>
    judged(wires, step, [token], { answer, body: await readWhole(answer.body) }),
  )
}

/** Like {@link call} for an endpoint that may answer a file instead of JSON. */
export function callForFile<T>(wires: AccountWires, appId: string, step: Step<T>): Promise<T | BinaryMedia> {
  return underToken(wires, appId, step, async (answer, token): Promise<T | BinaryMedia> => {
    const opened = await openFile(answer)
    return 'kind' in opened ? opened : judged(wires, step, [token], { answer, body: opened })
  })
}

async function underToken<T>(
  wires: AccountWires,
  appId: string,
  step: Step<unknown>,
  receive: (answer: TransportAnswer, token: string) => Promise<T>,
): Promise<T> {
  const { request, signal } = step
  await wires.quotas.check(appId, request.endpoint)
  const { endpoint, body } = request
  let token = await wires.tokens.current(appId, signal, { endpoint, bytes: body?.length ?? 0 })
  let replaced = false
  for (let tries = 1; ; ) {
    try {
      const credentials = { [token.parameter ?? 'access_token']: token.value }
      const attempt = async () => receive(await send(wires, step, credentials), token.value)
      const result = await watched(wires, { appId, request }, attempt)
      await wires.quotas.succeeded(appId, request.endpoint)
      return result
    } catch (error) {
      if (!replaced && needsNewToken(request.endpoint, error)) {
        replaced = true
        token = await wires.tokens.replace(appId, token, signal)
      } else if (tries < MAX_TRIES && isRepeatable(request) && mayRepeat(request.endpoint, error)) {
        await pause(wires, tries, { signal, error })
        tries++
      } else {
        await remember(wires.quotas, appId, { endpoint: request.endpoint, error })
        throw error
      }
    }
  }
}

const isRepeatable = ({ body }: ApiRequest): boolean => body === undefined || body instanceof Uint8Array

/** Throws `error` when the run is about to end. */
async function pause(
  { clock, random }: AccountWires,
  tries: number,
  { signal, error }: { signal: AbortSignal | undefined; error: unknown },
): Promise<void> {
  if (signal?.aborted) throw error
  await clock.sleep(random.fraction() * FIRST_PAUSE_MS * 2 ** (tries - 1), signal).catch(() => {
    throw error
  })
}

/** The table of errcodes decides what lasts. */
async function remember(
  quotas: Quotas,
  appId: string,
  { endpoint, error }: { endpoint: Endpoint; error: unknown },
): Promise<void> {
  if (!(error instanceof AppError) || !error.wechat) return
  const rule = ruleOf(endpoint, error)
  if (rule?.action === 'park') await quotas.park(appId, endpoint, error)
  else if (rule?.action === 'refresh-token') await quotas.blame(appId, endpoint, error, 'token')
  else if (error.code === 'ACCOUNT_MISCONFIGURED') await quotas.blame(appId, endpoint, error, rule?.stops ?? 'health')
}

async function send(
  wires: Wires,
  { request, signal }: Step<unknown>,
  credentials: Record<string, string>,
): Promise<TransportAnswer> {
  const { endpoint, method, headers, body, timeoutMs } = request
  const query = { ...credentials, ...request.query }
  try {
    return await wires.transport.send({ method, path: `/cgi-bin/${endpoint}`, query, headers, body, timeoutMs, signal })
  } catch (error) {
    // A read changes nothing at WeChat: whether it arrived does not matter.
    if (error instanceof AppError && error.code === 'WECHAT_UNCLEAR' && ENDPOINTS[endpoint] === 'read') {
      throw new AppError('WECHAT_UNREACHABLE', `WeChat did not answer ${endpoint}.`, {}, { cause: error.cause })
    }
    throw error
  }
}

function judged<T>(
  wires: Wires,
  { request, judge }: Step<T>,
  secrets: string[],
  { answer, body }: { answer: TransportAnswer; body: WholeBody },
): T {
  const servedAt = Date.parse(answer.headers['date'] ?? '')
  const whole: ApiAnswer = {
    status: answer.status,
    contentType: answer.headers['content-type'] ?? '',
    text: withoutSecrets(decodeText(body.bytes), secrets),
    receivedAt: wires.clock.now(),
    ...(Number.isFinite(servedAt) && { servedAt }),
  }
  if (!body.complete) throw notUnderstood(request.endpoint, whole)
  return judge(whole)
}
