/** One page of graphs for operators. */
import { METRICS } from '../shared/core/metrics.ts'
import type { MetricName } from '../shared/ports/metrics.ts'
import { attribute, join, type Resource, ref, STACK, type Text } from './cloudFormation.ts'
import { PERMISSIONS } from './permissions.ts'

const WIDTH = 8
const HEIGHT = 6
const COLUMNS = 3

/** What CloudFormation computes has to be spliced into the page's JSON, so it stands there under a name first. */
const SPLICED: Readonly<Record<string, Text>> = {
  '@stack@': STACK,
  '@region@': ref('AWS::Region'),
  '@api@': ref('HttpApi'),
  '@queue@': attribute('FailureQueue', 'QueueName'),
}

interface Graph {
  title: string
  metrics: unknown[]
  stat: 'Sum' | 'Maximum' | 'p95'
}

const own = (name: MetricName): Graph => ({
  title: METRICS[name].meaning,
  metrics: [['sucai', name, 'service', '@stack@']],
  stat: METRICS[name].unit === 'Count' ? 'Sum' : 'Maximum',
})

/** Whole names: a quoted term of CloudWatch's SEARCH finds no prefixes, an unquoted one finds those of other stages too. */
const ofFunctions = (metric: string) =>
  Object.keys(PERMISSIONS).map((id, index) => [
    ...(index === 0 ? ['AWS/Lambda', metric, 'FunctionName'] : ['...']),
    `@stack@-${id}`,
  ])

const GRAPHS: readonly Graph[] = [
  {
    title: 'Requests',
    metrics: [
      ['AWS/ApiGateway', 'Count', 'ApiId', '@api@'],
      ['.', '4xx', '.', '.'],
      ['.', '5xx', '.', '.'],
    ],
    stat: 'Sum',
  },
  { title: 'Latency, ms', metrics: [['AWS/ApiGateway', 'Latency', 'ApiId', '@api@']], stat: 'p95' },
  {
    title: 'Failure queue',
    metrics: [['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', '@queue@']],
    stat: 'Maximum',
  },
  { title: 'Errors by function', metrics: ofFunctions('Errors'), stat: 'Sum' },
  { title: 'Throttles by function', metrics: ofFunctions('Throttles'), stat: 'Sum' },
  {
    title: 'Table',
    metrics: [
      ['AWS/DynamoDB', 'ConsumedReadCapacityUnits', 'TableName', '@stack@'],
      ['.', 'ConsumedWriteCapacityUnits', '.', '.'],
    ],
    stat: 'Sum',
  },
  ...Object.keys(METRICS).filter(isMetric).map(own),
]

function isMetric(name: string): name is MetricName {
  return name in METRICS
}

/** The dashboard as a resource. */
export function dashboard(): Record<string, Resource> {
  const widgets = GRAPHS.map(({ title, metrics, stat }, index) => ({
    type: 'metric',
    x: (index % COLUMNS) * WIDTH,
    y: Math.floor(index / COLUMNS) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, metrics, stat, period: 300, region: '@region@', view: 'timeSeries' },
  }))
  const body = JSON.stringify({ widgets }).split(/(@[a-z]+@)/)
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: STACK, DashboardBody: join(...body.map(part => SPLICED[part] ?? part)) },
    },
  }
}
