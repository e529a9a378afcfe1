/** The ports that every function has, on every host. */
import type { AmbientPorts } from '../core/ports.ts'
import type { Clock } from '../ports/clock.ts'
import { callFields } from './callContext.ts'
import { emfMetrics } from './emfMetrics.ts'
import { env } from './env.ts'
import { jsonLog, logLevel } from './jsonLog.ts'
import { once } from './once.ts'
import { systemClock } from './systemClock.ts'
import { systemRandom } from './systemRandom.ts'

const write = (line: string): void => {
  process.stdout.write(line)
}

let clock: Clock = systemClock

/** Another clock for this process, given before any port is made: the local stack can move its time on. */
export function useClock(other: Clock): void {
  clock = other
}

/** Clock, randomness, log and metrics of this process. */
export const ambient = once(
  (): AmbientPorts => ({
    clock,
    random: systemRandom,
    log: jsonLog(logLevel(env('LOG_LEVEL')), write, callFields),
    metrics: emfMetrics({ service: env('SERVICE_NAME') ?? 'sucai', clock, write }),
  }),
)
