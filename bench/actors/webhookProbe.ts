/** A process that does what Lambda does with the callback, for events that come on time whatever the answers do. */
import { createRequire } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'

interface FunctionModule {
  main(event: unknown, context: { awsRequestId: string; getRemainingTimeInMillis(): number }): Promise<unknown>
}

/** Events and their rate. */
export interface Delivery {
  events: unknown[]
  perSecond: number
}

/** What became of them. */
export interface Delivered {
  /** ms from the time an event was due to its answer, so that waiting for the processor counts too */
  walls: number[]
  /** Answers other than success. */
  wrong: number
}

/** The function's own timeout (serverless.yml). */
const LIMIT_MS = 5_000

/** Its actions. */
export type WebhookActions = { deliver: (delivery: Delivery) => Promise<Delivered> }

/** Loads `file`. */
export function start({ file }: { file: string }): WebhookActions {
  const { main }: FunctionModule = createRequire(file)(file)
  return {
    async deliver({ events, perSecond }) {
      const walls: number[] = []
      let wrong = 0
      const began = performance.now()
      const answers = events.map(async (event, index) => {
        const due = began + (index * 1_000) / perSecond
        await wait(Math.max(1, due - performance.now()))
        const answer = await main(event, { awsRequestId: 'bench', getRemainingTimeInMillis: () => LIMIT_MS })
        walls.push(performance.now() - due)
        if (!JSON.stringify(answer).includes('"body":"success"')) wrong++
      })
      await Promise.all(answers)
      return { walls, wrong }
    },
  }
}
