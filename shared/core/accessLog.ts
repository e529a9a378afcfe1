/** One log line for each request. */
import type { MiddlewareObj } from '@middy/core'
import type { Exchange } from './pipeline.ts'
import type { AmbientPorts, Provider } from './ports.ts'

/** Writes status and duration; an error with its cause goes here and nowhere else. */
export function accessLog(operationId: string, ambient: Provider<AmbientPorts>): MiddlewareObj<Exchange, Response> {
  const started = new WeakMap<Exchange, number>()
  const line = (exchange: Exchange, status: number, error?: unknown) => {
    const { clock, log } = ambient()
    const url = new URL(exchange.request.url)
    const fields = {
      operation: operationId,
      app_id: exchange.params['appId'] ?? url.searchParams.get('app_id') ?? undefined,
      request_id: exchange.call.requestId,
      status,
      duration_ms: clock.now() - (started.get(exchange) ?? clock.now()),
      ...(error !== undefined && { error }),
    }
    if (status >= 500) log.error('request failed', fields)
    else log.info('request', fields)
  }
  return {
    before: ({ event }) => {
      started.set(event, ambient().clock.now())
    },
    after: ({ event, response }) => line(event, response?.status ?? 200),
    onError: ({ event, response, error }) => line(event, response?.status ?? 500, error),
  }
}
