/**
 * Metrics as log lines that CloudWatch reads as figures (embedded metric format).
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import { METRICS } from '../core/metrics.ts'
import { redact } from '../core/redact.ts'
import type { Clock } from '../ports/clock.ts'
import type { LogFields } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'

/** Where figures go. */
interface EmfOptions {
  /** The only dimension: one deployment of the service. */
  service: string
  clock: Pick<Clock, 'now'>
  write(line: string): void
}

/** Metrics of the namespace `sucai`, one JSON line each, their fields redacted. */
export function emfMetrics({ service, clock, write }: EmfOptions): Metrics {
  return {
    record: (name, value, fields = {}) => {
      const line = {
        ...(redact(fields) as LogFields),
        service,
        [name]: value,
        _aws: {
          Timestamp: clock.now(),
          CloudWatchMetrics: [
            { Namespace: 'sucai', Dimensions: [['service']], Metrics: [{ Name: name, Unit: METRICS[name].unit }] },
          ],
        },
      }
      write(`${JSON.stringify(line)}\n`)
    },
  }
}
