/** The closed table of metrics; the deployment's alarms name nothing else. */
import type { MetricName } from '../ports/metrics.ts'

/** CloudWatch's own names of units. */
export type MetricUnit = 'Count' | 'Seconds' | 'Milliseconds' | 'Bytes'

interface MetricRule {
  unit: MetricUnit
  /** One sentence for operators. */
  meaning: string
}

const metric = (unit: MetricUnit, meaning: string): MetricRule => ({ unit, meaning })

/** What each metric means. */
export const METRICS: Record<MetricName, MetricRule> = {
  QuotaReached: metric('Count', 'WeChat refused a call of an account because its daily or minute quota is spent.'),
}
