/** Sends an endpoint's request under the account's token and hands the answer to its judge. */
import { AppError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { AccessToken, Tokens } from '../ports/tokens.ts'
import type { BinaryMedia } from '../ports/wechat.ts'
import type { ApiAnswer, ApiRequest } from './apiCall.ts'
import { openFile } from './download.ts'
import { ENDPOINTS } from './endpoints.ts'
import { decodeText } from './json.ts'
import { notUnderstood } from './judge.ts'
import { readWhole, type WholeBody } from './readWhole.ts'
import { withoutSecrets } from './redact.ts'
import { needsNewToken } from './refusal.ts'
import type { Transport, TransportAnswer } from './transportPort.ts'

/** What every call needs from outside. */
export interface Wires {
  transport: Transport
  clock: Clock
}

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
 * Makes the call for an account. A refusal for the token (40001, 40014, 42001: nothing was executed) is answered by
 * one repetition under the token that {@link Tokens.replace} gives; a second one is thrown.
 */
export function call<T>(wires: Wires & { tokens: Tokens }, appId: string, step: Step<T>): Promise<T> {
  return underToken(wires, appId, step, async (answer, token) =>
    judged(wires, step, [token], { answer, body: await readWhole(answer.body) }),
  )
}

/** Like {@link call} for an endpoint that may answer a file instead of JSON. */
export function callForFile<T>(
  wires: Wires & { tokens: Tokens },
  appId: string,
  step: Step<T>,
): Promise<T | BinaryMedia> {
  return underToken(wires, appId, step, async (answer, token): Promise<T | BinaryMedia> => {
    const opened = await openFile(answer)
    return 'kind' in opened ? opened : judged(wires, step, [token], { answer, body: opened })
  })
}

async function underToken<T>(
  wires: Wires & { tokens: Tokens },
  appId: string,
  step: Step<unknown>,
  receive: (answer: TransportAnswer, token: string) => Promise<T>,
): Promise<T> {
  const attempt = async ({ value }: AccessToken) => receive(await send(wires, step, { access_token: value }), value)
  const token = await wires.tokens.current(appId, step.signal)
  try {
    return await attempt(token)
  } catch (error) {
    if (!needsNewToken(step.request.endpoint, error)) throw error
  }
  return attempt(await wires.tokens.replace(appId, token, step.signal))
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
  const whole: ApiAnswer = {
    status: answer.status,
    contentType: answer.headers['content-type'] ?? '',
    text: withoutSecrets(decodeText(body.bytes), secrets),
    receivedAt: wires.clock.now(),
  }
  if (!body.complete) throw notUnderstood(request.endpoint, whole)
  return judge(whole)
}
