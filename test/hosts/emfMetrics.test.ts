import { expect, it } from 'vitest'
import { emfMetrics } from '../../shared/hosts/emfMetrics.ts'

it('writes one line that CloudWatch reads as a figure, with its fields redacted and no dimension but the service', () => {
  const lines: string[] = []
  const metrics = emfMetrics({
    service: 'sucai-prod',
    clock: { now: () => 1_700_000_000_000 },
    write: line => lines.push(line),
  })
  metrics.record('QuotaReached', 1, { app_id: 'wx0123456789abcdef', url: 'https://x/?access_token=CNRY123' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^[^\n]+\n$/)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    app_id: 'wx0123456789abcdef',
    url: 'https://x/?access_token=[redacted]',
    service: 'sucai-prod',
    QuotaReached: 1,
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        { Namespace: 'sucai', Dimensions: [['service']], Metrics: [{ Name: 'QuotaReached', Unit: 'Count' }] },
      ],
    },
  })
})
