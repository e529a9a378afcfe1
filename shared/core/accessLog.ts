/** One log line for each request. */
import type { MiddlewareObj } from '@middy/core'
import { AppError } from './errors.ts'
import type { Exchange } from './pipeline.ts'
import type { AmbientPorts, Provider } from './ports.ts'

/** Writes status and duration; an error with its cause goes here and nowhere else. */
export function accessLog(operationId: string, ambient: Provider<AmbientPorts>): MiddlewareObj<Exchange, Response> {
  const started = new WeakMap<Exchange, number>()
  const line = (exchange: Exchange, response: Response | null | undefined, error?: unknown) => {
    const status = response?.status ?? (error === undefined ? 200 : 500)
    const { clock, log } = ambient()
    const url = new URL(exchange.request.url)
    const fields = {
      operation: operationId,
      app_id: exchange.params['appId'] ?? url.searchParams.get('app_id') ?? undefined,
      request_id: exchange.call.requestId,
      status,
      duration_ms: clock.now() - (started.get(exchange) ?? clock.now()),
      bytes_in: Number(exchange.request.headers.get('content-length') ?? 0),
      bytes_out: Number(response?.headers.get('content-length') ?? 0),
      ...refusalOf(error),
      ...(error !== undefined && { error }),
    }
    if (status >= 500) log.error('request failed', fields)
    else log.info('request', fields)
  }
  return {
    before: ({ event }) => {
      started.set(event, ambient().clock.now())
    },
    after: ({ event, response }) => line(event, response),
    onError: ({ event, response, error }) => line(event, response, error),
  }
}

/** What WeChat said, in fields of their own, so that lines can be searched by them. */
export function refusalOf(error: unknown): { errcode?: number; rid?: string } {
  const wechat = error instanceof AppError ? error.wechat : undefined
  return wechat ? { errcode: wechat.errcode, ...(wechat.rid !== undefined && { rid: wechat.rid }) } : {}
}
