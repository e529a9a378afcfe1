/** Every rule about templates can fail. */
import { expect, it } from 'vitest'
import { allowedBy } from './rolePolicies.ts'
import { findings, Template } from './templateRules.ts'

const QUEUE = { Type: 'AWS::SQS::Queue', Properties: { QueueName: '失败' } }
const of = (Resources: Record<string, unknown>, rest = {}) => findings(Template.parse({ Resources, ...rest }))
const ROLE = {
  Type: 'AWS::Lambda::Function',
  Properties: { Code: { ZipFile: 'x' }, Role: { 'Fn::GetAtt': ['Queue', 'Arn'] }, Timeout: 3 },
}

it('a template without faults has no finding', () => {
  expect(of({ Queue: QUEUE, Run: ROLE })).toEqual([])
})

it.each([
  [
    'a type that AWS does not have',
    { Queue: { ...QUEUE, Type: 'AWS::SQS::Qeue' } },
    'there is no resource AWS::SQS::Qeue',
  ],
  ['a property that the type does not have', { Queue: { ...QUEUE, Properties: { Name: 'x' } } }, 'there is no Name'],
  [
    'a required property that is missing',
    { Run: { ...ROLE, Properties: { Code: {}, Timeout: 3 } }, Queue: QUEUE },
    'Role is missing',
  ],
  ['a text for a number', { Queue: { ...QUEUE, Properties: { DelaySeconds: 'soon' } } }, 'no integer'],
  [
    'a property deep inside',
    { Run: { ...ROLE, Properties: { ...ROLE.Properties, VpcConfig: { Subnets: [] } } }, Queue: QUEUE },
    'VpcConfig: there is no Subnets',
  ],
  [
    'a property inside a branch',
    {
      Run: { ...ROLE, Properties: { ...ROLE.Properties, VpcConfig: { 'Fn::If': ['C', { Subnets: [] }, 1] } } },
      Queue: QUEUE,
    },
    'there is no Subnets',
  ],
  [
    'a reference to nothing',
    { Queue: { ...QUEUE, Properties: { QueueName: { Ref: 'Nobody' } } } },
    'there is no Nobody',
  ],
  [
    'a name in a text',
    { Queue: { ...QUEUE, Properties: { QueueName: { 'Fn::Sub': ['$', '{Nobody}-x'].join('') } } } },
    'there is no Nobody',
  ],
  [
    'an attribute that the type does not have',
    { Queue: QUEUE, Run: { ...ROLE, Properties: { ...ROLE.Properties, Role: { 'Fn::GetAtt': ['Queue', 'Arm'] } } } },
    'no attribute Arm',
  ],
  ['a condition that nobody states', { Queue: { ...QUEUE, Condition: 'Maybe' } }, 'no condition Maybe'],
  [
    'resources that wait for each other',
    { A: { ...QUEUE, DependsOn: ['B'] }, B: { ...QUEUE, DependsOn: 'A' } },
    'A → B → A is a circle',
  ],
])('%s is found', (_what, resources, sentence) => {
  expect(of(resources)).toContainEqual(expect.stringContaining(sentence))
})

it('a role that allows more is read as such', () => {
  const role = (Statement: unknown[]) => ({
    Type: 'AWS::IAM::Role',
    Properties: { Policies: [{ PolicyName: 'x', PolicyDocument: { Statement } }] },
  })
  const table = {
    'Fn::Join': [
      '',
      [
        'arn:',
        { Ref: 'AWS::Partition' },
        ':dynamodb:',
        { Ref: 'AWS::Region' },
        ':',
        { Ref: 'AWS::AccountId' },
        ':table/',
        { Ref: 'AWS::StackName' },
      ],
    ],
  }
  expect(allowedBy('x', role([{ Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: [table] }]))).toEqual([
    'dynamodb:GetItem rows/every row',
  ])
  expect(allowedBy('x', role([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]))).toEqual(['s3:* *'])
  expect(allowedBy('x', role([{ Effect: 'Deny', Action: 's3:*', Resource: '*' }]))).toEqual([])
})
