/** The alarms, as a table. All of them tell one topic. */
import type { MetricName } from '../shared/ports/metrics.ts'
import { attribute, type Resource, ref, STACK } from './cloudFormation.ts'

/** A figure of CloudWatch. */
export interface Figure {
  namespace: string
  name: string
  dimensions: Record<string, unknown>
  statistic: 'Maximum' | 'Sum' | 'SampleCount'
}

/** When an operator is called: the figure was above `above`, or below `below`, in one of the last `periods` of `seconds` each. */
export type Alarm = AlarmFacts & ({ above: number; below?: undefined } | { below: number; above?: undefined })

interface AlarmFacts {
  figure: Figure
  seconds: number
  periods: number
  /** The figure is recorded at least once in `seconds`, so that its absence is a failure too. */
  steady?: boolean
  /** What it means and what to do first. */
  meaning: string
}

/** One of the service's own metrics (shared/core/metrics.ts). */
export const ours = (name: MetricName, statistic: Figure['statistic']): Figure => ({
  namespace: 'sucai',
  name,
  dimensions: { service: STACK },
  statistic,
})

const MINUTE_S = 60
const HOUR_S = 3600
/** A token lives two hours and is renewed after 115 minutes (wechat-api.md §1.2). */
const TOKEN_LIFE_S = 2 * HOUR_S

/** The alarms by their name. */
export const ALARMS: Readonly<Record<string, Alarm>> = {
  FailureQueueNotEmpty: {
    figure: {
      namespace: 'AWS/SQS',
      name: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: attribute('FailureQueue', 'QueueName') },
      statistic: 'Maximum',
    },
    above: 0,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning: 'A job failed and is not tried again. The message in the failure queue holds its event and its error.',
  },
  TokenTooOld: {
    figure: ours('TokenAge', 'Maximum'),
    above: TOKEN_LIFE_S,
    seconds: 5 * MINUTE_S,
    // A misconfigured account is tried once an hour: no end of the alarm in between.
    periods: 13,
    meaning: 'An access_token was not renewed before its end. GET /wechat/accounts shows which one and why.',
  },
  // By itself, for an alarm over many periods takes missing figures for bad ones only when all of them are missing.
  RefresherSilent: {
    figure: ours('TokenAge', 'SampleCount'),
    below: 1,
    seconds: 5 * MINUTE_S,
    periods: 1,
    steady: true,
    meaning: 'No run of the refresher came to its end for five minutes: tokens will not be renewed. Its log says why.',
  },
  SweepBehind: {
    figure: ours('SweepLag', 'Maximum'),
    above: 10 * MINUTE_S,
    seconds: 5 * MINUTE_S,
    periods: 1,
    steady: true,
    meaning: 'Uploads wait longer for the sweeper than they should: it fails, or there is more work than it can do.',
  },
  QuotaReached: {
    figure: ours('QuotaReached', 'Sum'),
    above: 0,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning:
      'WeChat refused calls because a quota is spent (45009, 45011). They wait by themselves; accounts show until when.',
  },
  UnmirroredMediaADayLeft: {
    figure: ours('UnmirroredMediaAge', 'Maximum'),
    above: 48 * HOUR_S,
    seconds: 15 * MINUTE_S,
    periods: 1,
    steady: true,
    meaning:
      'WeChat drops a temporary media within 24 hours of which there is no copy: is WeChat down, or the account?',
  },
  UnmirroredMediaHalfADayLeft: {
    figure: ours('UnmirroredMediaAge', 'Maximum'),
    above: 60 * HOUR_S,
    seconds: 15 * MINUTE_S,
    periods: 1,
    meaning:
      'WeChat drops a temporary media within 12 hours of which there is no copy. The log of the mirror says why.',
  },
  MediaLost: {
    figure: ours('MediaLost', 'Sum'),
    above: 0,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning: 'WeChat dropped temporary media before they were copied: GET /wechat/media/temporary?state=LOST.',
  },
  TokenRefusedRepeatedly: {
    figure: ours('TokenRefused', 'Sum'),
    above: 5,
    seconds: 15 * MINUTE_S,
    periods: 1,
    meaning:
      'WeChat refuses one token after the other (40001): look whether another system fetches tokens for the account.',
  },
  TokenContested: {
    figure: ours('TokenContested', 'Sum'),
    above: 0,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning:
      'Another system takes tokens for an account in the old way. It must use stable_token, or ask this service.',
  },
  PushesRefused: {
    figure: ours('PushRefused', 'Sum'),
    // Strangers try the address too.
    above: 20,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning:
      'Messages of fans are refused: token, AES key or mode of an account do not fit WeChat’s console. The log has the reason.',
  },
  ForwardGivenUp: {
    figure: ours('ForwardGivenUp', 'Sum'),
    above: 0,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning: 'An account’s forward_url took nothing for a whole day, and pushes to it are dropped now.',
  },
  AccountDegraded: {
    figure: ours('AccountDegraded', 'Sum'),
    above: 0,
    seconds: 5 * MINUTE_S,
    periods: 1,
    meaning: 'An account cannot be served until somebody acts (secret, IP whitelist, permission): its health says how.',
  },
}

/** The alarms as resources. */
export function alarms(): Record<string, Resource> {
  return Object.fromEntries(Object.entries(ALARMS).map(([name, alarm]) => [`${name}Alarm`, resource(name, alarm)]))
}

const resource = (name: string, { figure, above, below, seconds, periods, steady, meaning }: Alarm): Resource => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: { 'Fn::Join': ['-', [STACK, name]] },
    AlarmDescription: meaning,
    Namespace: figure.namespace,
    MetricName: figure.name,
    Dimensions: Object.entries(figure.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: figure.statistic,
    Period: seconds,
    EvaluationPeriods: periods,
    DatapointsToAlarm: 1,
    Threshold: below ?? above,
    ComparisonOperator: below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
    TreatMissingData: steady ? 'breaching' : 'notBreaching',
    AlarmActions: [ref('AlarmTopic')],
    OKActions: [ref('AlarmTopic')],
  },
})
