/** The `CloudCalls` port over the CloudBase SDK. */
import { AppError } from '../core/errors.ts'
import type { CloudCall, CloudCalls } from '../ports/cloudCalls.ts'
import { type CloudBaseClient, untilAborted } from './cloudBase.ts'
import { codeOf } from './cloudFailure.ts'

const RETRY_AFTER_SECONDS = 10
/** The platform's own refusals, which it says before it asks WeChat. */
const REFUSED = /^(SIGN_|INVALID_|EXCEED_|MISSING_|PERMISSION_|ACTION_|ENV_)/
/** Node's codes for a connection that never came about. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'])

/** Calls of the environment behind `client`; the SDK sends them as a form (action `wx.openApi`) and never repeats one. */
export function cloudCalls({ client }: { client: CloudBaseClient }): CloudCalls {
  return {
    async call({ name, message, timeoutMs, signal }: CloudCall) {
      if (signal?.aborted) throw new AppError('OUT_OF_TIME', 'The cloud call was stopped before it was made.')
      const app = await client()
      let answer: unknown
      try {
        const ask = () => app.callCompatibleWxOpenApi({ apiName: name, requestData: message }, { timeout: timeoutMs })
        answer = await untilAborted(ask, signal)
      } catch (error) {
        throw failure(error)
      }
      if (Buffer.isBuffer(answer)) return answer
      throw new AppError('WECHAT_UNCLEAR', 'The platform’s answer to a cloud call says neither yes nor no.')
    },
  }
}

/** The SDK's errors keep the server's codes and Node's; their other fields could hold the request. */
function failure(error: unknown): AppError {
  const code = codeOf(error)
  const cause = new Error(`the platform failed: ${code || 'no code'}`)
  if (NOT_CONNECTED.has(code)) {
    const pause = { cause, retryAfter: RETRY_AFTER_SECONDS }
    return new AppError('WECHAT_UNREACHABLE', 'The platform of the cloud call could not be reached.', {}, pause)
  }
  if (REFUSED.test(code)) return new AppError('INTERNAL', 'The platform refused the cloud call.', {}, { cause })
  return new AppError('WECHAT_UNCLEAR', 'The platform gave no answer; WeChat may have got the call.', {}, { cause })
}
