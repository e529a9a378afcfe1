/** What a run carries along: its names for the log, and the trace it belongs to. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Invoker } from '../ports/invoker.ts'
import { systemRandom } from './systemRandom.ts'

/** W3C Trace Context, version 00: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const FIELD = 'traceparent'
const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

/** A run of a function. */
export interface CallContext {
  operation: string
  request_id: string
  traceparent: string
}

const runs = new AsyncLocalStorage<CallContext>()

/** Runs `work`; all it logs and all it calls belongs to `facts`. Without a valid `traceparent` a trace begins here. */
export function inCall<T>(
  { traceparent, ...facts }: Omit<CallContext, 'traceparent'> & { traceparent: string | undefined },
  work: () => Promise<T>,
): Promise<T> {
  const isValid = traceparent !== undefined && TRACEPARENT.test(traceparent)
  return runs.run({ ...facts, traceparent: isValid ? traceparent : newTrace() }, work)
}

/** What every log line of the present run begins with. */
export function callFields(): Record<string, string> {
  const call = runs.getStore()
  if (!call) return {}
  const { operation, request_id, traceparent } = call
  return { operation, request_id, trace_id: TRACEPARENT.exec(traceparent)?.[1] ?? '' }
}

/** Hands the trace on to the functions that are called: as a field of the payload, for Lambda hands no headers on. */
export function carrying(invoker: Invoker): Invoker {
  return {
    call: (id, payload, signal) => invoker.call(id, withTrace(payload), signal),
    send: (id, payload, signal) => invoker.send(id, withTrace(payload), signal),
  }
}

/** A payload as it was before {@link carrying}, and the trace that it brought. */
export function taken(payload: unknown): { payload: unknown; traceparent: string | undefined } {
  if (!isFields(payload) || typeof payload[FIELD] !== 'string') return { payload, traceparent: undefined }
  const { [FIELD]: traceparent, ...rest } = payload
  return { payload: rest, traceparent: String(traceparent) }
}

function withTrace(payload: unknown): unknown {
  const call = runs.getStore()
  return call && isFields(payload) ? { ...payload, [FIELD]: call.traceparent } : payload
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Not sampled: nobody has asked for the trace, it only ties the lines together. */
const newTrace = (): string => `00-${hex(TRACE_ID_BYTES)}-${hex(SPAN_ID_BYTES)}-00`

const hex = (bytes: number): string => Buffer.from(systemRandom.bytes(bytes)).toString('hex')
