/** The ports that every function has, on every host. */
import type { AmbientPorts } from '../core/ports.ts'
import { env } from './env.ts'
import { jsonLog, logLevel } from './jsonLog.ts'
import { once } from './once.ts'
import { systemClock } from './systemClock.ts'
import { systemRandom } from './systemRandom.ts'

/** Clock, randomness and log of this process. */
export const ambient = once(
  (): AmbientPorts => ({
    clock: systemClock,
    random: systemRandom,
    log: jsonLog(logLevel(env('LOG_LEVEL')), line => process.stdout.write(line)),
  }),
)
