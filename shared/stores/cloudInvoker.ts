/** The `Invoker` port over CloudBase's functions. */
import { AppError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Invoker } from '../ports/invoker.ts'
import { type CloudBaseClient, untilAborted } from './cloudBase.ts'

/** A called function may take as long as the platform lets one run. */
const CALL_TIMEOUT_MS = 60_000
/** By then the platform has the call, or has said why not. */
const HANDED_OVER_MS = 400

/**
 * Functions are named by their operation id. The platform has no asynchronous call: `send` lets the run go on without
 * waiting for its end, and nobody repeats one that fails; the sweeper finds its work again. Throws `AppError('INTERNAL')`
 * when the function failed or could not be called.
 */
export function cloudInvoker({ client, clock }: { client: CloudBaseClient; clock: Clock }): Invoker {
  const call = async (id: string, payload: unknown): Promise<unknown> => {
    try {
      const app = await client()
      const { result } = await app.callFunction({ name: id, data: payload }, { timeout: CALL_TIMEOUT_MS })
      return result
    } catch (cause) {
      throw new AppError('INTERNAL', `The function ${id} failed or could not be called.`, {}, { cause })
    }
  }
  return {
    call: (id, payload, signal) => untilAborted(() => call(id, payload), signal),
    async send(id, payload) {
      const running = call(id, payload)
      // Whatever comes of it after the hand-over is the called function's own affair.
      running.catch(() => undefined)
      await Promise.race([running, clock.sleep(HANDED_OVER_MS)])
    },
  }
}
