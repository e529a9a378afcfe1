/** The `Invoker` port over AWS Lambda. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { AppError } from '../core/errors.ts'
import type { Invoker } from '../ports/invoker.ts'

/** Functions are named `${prefix}${operation id}`. */
export interface LambdaInvokerOptions {
  prefix: string
  client: () => LambdaClient
}

/** Throws `AppError('INTERNAL')` when the function failed or could not be called. */
export function lambdaInvoker({ prefix, client }: LambdaInvokerOptions): Invoker {
  const invoke = async (id: string, payload: unknown, type: 'RequestResponse' | 'Event', signal?: AbortSignal) => {
    const command = new InvokeCommand({
      FunctionName: `${prefix}${id}`,
      InvocationType: type,
      Payload: new TextEncoder().encode(JSON.stringify(payload)),
    })
    try {
      return await client().send(command, signal ? { abortSignal: signal } : {})
    } catch (cause) {
      throw new AppError('INTERNAL', `The function ${id} could not be called.`, {}, { cause })
    }
  }
  return {
    async call(id, payload, signal) {
      const { FunctionError, Payload } = await invoke(id, payload, 'RequestResponse', signal)
      const text = Payload ? new TextDecoder().decode(Payload) : ''
      if (FunctionError) {
        throw new AppError('INTERNAL', `The function ${id} failed.`, {}, { cause: new Error(text) })
      }
      return text === '' ? undefined : JSON.parse(text)
    },
    async send(id, payload, signal) {
      await invoke(id, payload, 'Event', signal)
    },
  }
}
