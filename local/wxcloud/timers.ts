/** Fires the timers of the package, as the platform does: at least once, so a run may come twice. */
import type { Log } from '../../shared/ports/log.ts'
import type { CloudRunner } from './cloudRunner.ts'
import type { PackagedFunction, Timer } from './packaged.ts'

/** stack.md §3 */
export const timerEvent = ({ name }: Pick<Timer, 'name'>, now: Date): unknown => ({
  Type: 'Timer',
  TriggerName: name,
  Time: now.toISOString(),
  Message: '',
})

/** Starts all timers, each with a first run at once, delivered twice. Answers how to stop. */
export function startTimers(functions: readonly PackagedFunction[], runner: CloudRunner, log: Log): () => void {
  const started = functions.flatMap(({ id, timers }) =>
    timers.map(timer => {
      const fire = () => {
        runner
          .call(id, timerEvent(timer, new Date()), { TRIGGER_SRC: 'timer' })
          .catch(error => log.warn('a timer run failed', { function: id, error }))
      }
      fire()
      fire()
      return setInterval(fire, timer.everyMs)
    }),
  )
  return () => started.forEach(clearInterval)
}
