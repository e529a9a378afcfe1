/** Runs a job's events one after another; the platform hears of a failure only after all had their turn. */
import type { Call, Job, JobEvent } from '../core/operation.ts'
import type { PortName, PortsOf, Provider } from '../core/ports.ts'

/** One run of a job. */
export interface JobRun<N extends PortName> {
  events: JobEvent[]
  ports: Provider<PortsOf<N>>
  call: Call
}

/** Answers the last event's result. Throws the first failure, so that the platform retries. */
export async function runJob<N extends PortName>(job: Job<N>, { events, ports, call }: JobRun<N>): Promise<unknown> {
  const made = ports()
  const { clock, log } = made
  let result: unknown = null
  let failure: { error: unknown } | undefined
  for (const event of events) {
    const started = clock.now()
    const fields = { operation: job.id, trigger: event.trigger, request_id: call.requestId }
    try {
      result = await job.run(event, made, call)
      log.info('job', { ...fields, duration_ms: clock.now() - started, result })
    } catch (error) {
      failure ??= { error }
      log.error('job failed', { ...fields, duration_ms: clock.now() - started, error })
    }
  }
  if (failure) throw failure.error
  return result
}
