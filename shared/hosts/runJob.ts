/** Runs a job's events one after another; the platform hears of a failure only after all had their turn. */
import { refusalOf } from '../core/accessLog.ts'
import type { Call, Job, JobEvent } from '../core/operation.ts'
import type { PortName, PortsOf, Provider } from '../core/ports.ts'
import { inCall, taken } from './callContext.ts'
import { inSpan } from './spans.ts'

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
  for (const arrived of events) {
    const { event, traceparent } = unpacked(arrived)
    const named = { operation: job.id, request_id: call.requestId }
    const outcome = await inCall({ ...named, traceparent }, async () => {
      const started = clock.now()
      const fields = () => ({ ...named, trigger: event.trigger, duration_ms: clock.now() - started })
      const span = { kind: 'server', attributes: { 'faas.trigger': event.trigger }, traceparent } as const
      try {
        const value = await inSpan(job.id, span, () => job.run(event, made, call))
        log.info('job', { ...fields(), result: value })
        return { isDone: true, value } as const
      } catch (error) {
        log.error('job failed', { ...fields(), ...refusalOf(error), error })
        return { isDone: false, error } as const
      }
    })
    if (outcome.isDone) result = outcome.value
    else failure ??= { error: outcome.error }
  }
  if (failure) throw failure.error
  return result
}

/** A call may bring the trace that it belongs to. */
function unpacked(event: JobEvent): { event: JobEvent; traceparent: string | undefined } {
  if (event.trigger !== 'call') return { event, traceparent: undefined }
  const { payload, traceparent } = taken(event.payload)
  return { event: { ...event, payload }, traceparent }
}
