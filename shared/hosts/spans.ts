/**
 * OpenTelemetry spans, when somebody collects them: a Lambda layer or a `--require` that sets an SDK up registers it where
 * every copy of the OpenTelemetry API looks, and that place is asked directly: the API itself would cost each bundle 12 kB.
 */
import type { ContextManager, Span, TextMapPropagator, TracerProvider } from '@opentelemetry/api'

/** https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/internal/global-utils.ts */
const REGISTRY = Symbol.for('opentelemetry.js.api.1')
/** Values of the API's enums `SpanKind` and `SpanStatusCode`. */
const KINDS = { server: 1, client: 2 } as const
const STATUS_ERROR = 2

interface Registry {
  trace?: TracerProvider
  context?: ContextManager
  propagation?: TextMapPropagator
}

/** A span that is about to be. Names and attributes hold no query, no header, no secret: nobody redacts them later. */
export interface SpanStart {
  kind: keyof typeof KINDS
  attributes: Record<string, string | number | undefined>
  /** The trace that the caller is in. */
  traceparent?: string | undefined
}

/** What can be said of it once the work is done. */
export type Spans = Pick<Span, 'setAttribute'>

const NOBODY: Spans = {
  setAttribute() {
    return this as Span
  },
}

/** Does `work` inside a span; without an SDK it just does it. A failure marks the span by the error's code alone. */
export async function inSpan<T>(name: string, start: SpanStart, work: (span: Spans) => Promise<T>): Promise<T> {
  const { trace, context, propagation }: Registry = Reflect.get(globalThis, REGISTRY) ?? {}
  if (!trace || !context) return work(NOBODY)
  const { kind, attributes, traceparent } = start
  const active = context.active()
  const parent =
    traceparent !== undefined && propagation ? propagation.extract(active, { traceparent }, FIELDS) : active
  const options = { kind: KINDS[kind], attributes: withoutUndefined(attributes) }
  return trace.getTracer('sucai').startActiveSpan(name, options, parent, async span => {
    try {
      return await work(span)
    } catch (error) {
      span.setAttribute('error.type', codeOf(error))
      span.setStatus({ code: STATUS_ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

const FIELDS = {
  keys: (carrier: Record<string, string>) => Object.keys(carrier),
  get: (carrier: Record<string, string>, name: string) => carrier[name],
}

const withoutUndefined = (attributes: SpanStart['attributes']): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' ? code : 'INTERNAL'
}
