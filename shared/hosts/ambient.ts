/** The ports that every function has, on every host. */
import type { AmbientPorts } from '../core/ports.ts'
import { emfMetrics } from './emfMetrics.ts'
import { env } from './env.ts'
import { jsonLog, logLevel } from './jsonLog.ts'
import { once } from './once.ts'
import { systemClock } from './systemClock.ts'
import { systemRandom } from './systemRandom.ts'

const write = (line: string): void => {
  process.stdout.write(line)
}

/** Clock, randomness, log and metrics of this process. */
export const ambient = once(
  (): AmbientPorts => ({
    clock: systemClock,
    random: systemRandom,
    log: jsonLog(logLevel(env('LOG_LEVEL')), write),
    metrics: emfMetrics({ service: env('SERVICE_NAME') ?? 'sucai', clock: systemClock, write }),
  }),
)
