/** A request or a call of WeChat, seen: named for the log, in the trace of its caller, in a span. */
import type { Operation } from '../core/operation.ts'
import type { Endpoint } from '../core/pipeline.ts'
import type { CloudCalls } from '../ports/cloudCalls.ts'
import type { Transport } from '../wechat/transportPort.ts'
import { inCall } from './callContext.ts'
import { inSpan } from './spans.ts'

/** The operation's endpoint; whatever it logs and calls belongs to its request. */
export function observed(operation: Pick<Operation, 'id' | 'method' | 'path'>, run: Endpoint): Endpoint {
  const attributes = { 'http.request.method': operation.method, 'http.route': operation.path }
  return exchange => {
    const traceparent = exchange.request.headers.get('traceparent') ?? undefined
    const facts = { operation: operation.id, request_id: exchange.call.requestId, traceparent }
    return inCall(facts, () =>
      inSpan(operation.id, { kind: 'server', attributes, traceparent }, async span => {
        const response = await run(exchange)
        span.setAttribute('http.response.status_code', response.status)
        return response
      }),
    )
  }
}

/** The wire to WeChat; a span has the path of a call, never its query, which holds the access_token. */
export function observedTransport(transport: Transport): Transport {
  return {
    ...transport,
    send: request => {
      const attributes = { 'http.request.method': request.method, 'url.path': request.path }
      return inSpan(`${request.method} ${request.path}`, { kind: 'client', attributes }, async span => {
        const answer = await transport.send(request)
        span.setAttribute('http.response.status_code', answer.status)
        return answer
      })
    },
  }
}

/** Cloud calls; a span has the name of one, never its arguments. */
export function observedCloudCalls(calls: CloudCalls): CloudCalls {
  return {
    call: call => {
      const attributes = { 'rpc.method': call.name }
      return inSpan(`cloud call ${call.name}`, { kind: 'client', attributes }, () => calls.call(call))
    },
  }
}
