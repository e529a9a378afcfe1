/** Fires the schedules of the definition at their rates, as EventBridge does: at least once, never waiting for a run. */
import type { FunctionRunner } from './functionRunner.ts'
import type { FunctionDefinition } from './serviceDefinition.ts'

/** The event of a schedule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
export const scheduledEvent = (now: Date): unknown => ({
  version: '0',
  source: 'aws.events',
  'detail-type': 'Scheduled Event',
  time: now.toISOString(),
  detail: {},
})

/** Starts all schedules, each with a first run at once, for work may be waiting since the last stop. Answers how to stop. */
export function startSchedules(functions: FunctionDefinition[], runner: FunctionRunner): () => void {
  const timers = functions.flatMap(({ id, schedules }) =>
    schedules.map(everyMs => {
      const fire = () => runner.send(id, scheduledEvent(new Date()))
      fire()
      return setInterval(fire, everyMs)
    }),
  )
  return () => timers.forEach(clearInterval)
}
