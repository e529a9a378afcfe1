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
  AccountDegraded: metric('Count', 'An account cannot be served until its operator acts; its health says how.'),
  ClockSkew: metric('Milliseconds', 'How far the refresher’s clock is from WeChat’s.'),
  TokenContested: metric('Count', 'Another system takes tokens for an account: tokens are refused before their end.'),
  TokenRefused: metric('Count', 'A call was refused for its access_token twice, the second time under another try.'),
  TokenRenewalFailed: metric('Count', 'An access_token could not be renewed.'),
  FanMedia: metric('Count', 'Media in a message of a fan are tracked and will be copied.'),
  ForwardGivenUp: metric('Count', 'A push could not be handed on to the account’s forward_url for a whole day.'),
  PushRefused: metric(
    'Count',
    'A call of the callback was not WeChat’s, or token, key or mode do not fit its console.',
  ),
  PushUnreadable: metric('Count', 'WeChat pushed something that is no message; it was acknowledged and dropped.'),
  ObjectUnasked: metric('Count', 'An object came under in/ that no upload asked for.'),
  UploadRejected: metric('Count', 'An upload went to the failure inbox; its error says why.'),
  UploadUnclear: metric('Count', 'WeChat may have accepted a file without saying so; its list is being read.'),
  QuotaReached: metric('Count', 'WeChat refused a call of an account because its daily or minute quota is spent.'),
  SweepLag: metric('Seconds', 'How long the upload that waits longest has been due when the sweeper starts.'),
  TokenAge: metric(
    'Seconds',
    'The age of the oldest access_token that could not be renewed when it was due; 0 when there is none.',
  ),
  MediaMirrored: metric('Count', 'A temporary media was copied into the store.'),
  MediaLost: metric('Count', 'WeChat dropped a temporary media of which there is no copy.'),
  UnmirroredMediaAge: metric(
    'Seconds',
    'The age of the oldest temporary media without a copy; WeChat drops it after 259,200 s. 0 when there is none.',
  ),
}
