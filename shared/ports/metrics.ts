import type { LogFields } from './log.ts'

/** Everything that is counted or measured; what each means and its unit is in `shared/core/metrics.ts`. */
export type MetricName =
  | 'QuotaReached'
  | 'TokenRenewalFailed'
  | 'TokenRefused'
  | 'TokenContested'
  | 'AccountDegraded'
  | 'ClockSkew'
  | 'SweepLag'
  | 'TokenAge'
  | 'FanMedia'
  | 'ForwardGivenUp'
  | 'PushRefused'
  | 'PushUnreadable'
  | 'MediaLost'
  | 'MediaMirrored'
  | 'UnmirroredMediaAge'
  | 'ObjectUnasked'
  | 'UploadRejected'
  | 'UploadUnclear'

/** Figures that an operator watches. */
export interface Metrics {
  /**
   * Adds one value of a metric. `fields` (app_id, upload_id, …) are kept beside it to be looked up; they are no
   * dimensions, so that the number of series stays bounded. Never throws.
   */
  record(name: MetricName, value: number, fields?: LogFields): void
}
