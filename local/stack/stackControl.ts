/** What tests can do to a running stack: move its time on, and stop the process where it hurts (docs/local-stack.md). */
import * as z from 'zod'
import { stopAt } from '../../shared/hosts/local/stopPoints.ts'
import type { MovableClock } from './movableClock.ts'

const Clock = z.strictObject({ advance_ms: z.number().min(0) })
const Stop = z.strictObject({ at: z.string().min(1) })

/** Answers a control call, `undefined` when there is none of this path. Throws `ZodError`. */
export type StackControl = (path: string, body: unknown) => Record<string, unknown> | undefined

/** The control of a stack that lives by `clock`. */
export function stackControl(clock: MovableClock): StackControl {
  return (path, body) => {
    switch (path) {
      case '/_control/clock':
        clock.advance(Clock.parse(body).advance_ms)
        return { now_ms: clock.now() }
      case '/_control/stop': {
        const { at } = Stop.parse(body)
        stopAt(at)
        return { at }
      }
      default:
        return undefined
    }
  }
}
