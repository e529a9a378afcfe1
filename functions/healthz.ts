/** Tells that the service answers; public. */
import { serveOpen } from '#host'
import { operation } from '../shared/core/operation.ts'
import { HealthAnswer } from '../shared/core/schemas/health.ts'

export const healthz = operation({
  id: 'healthz',
  method: 'GET',
  path: '/healthz',
  role: 'public',
  summary: 'Health of the service',
  response: HealthAnswer,
  needs: [],
  run: async () => ({ status: 'ok' as const }),
})

export const main = serveOpen(healthz, {})
