/** One IAM role for each function, made of the table in permissions.ts. */
import {
  ABSENT,
  arnOf,
  attribute,
  either,
  join,
  logicalName,
  type Resource,
  ref,
  STACK,
  type Text,
} from './cloudFormation.ts'
import type { Grant } from './grants.ts'
import { EGRESS_PERMISSIONS, grantsOf, PERMISSIONS } from './permissions.ts'

/** The bucket by its name: a reference would be a circle, for the bucket waits for the function that it notifies. */
const BUCKET = join('arn:', ref('AWS::Partition'), ':s3:::', STACK, '-', ref('AWS::AccountId'), '-', ref('AWS::Region'))
const TABLE = arnOf('dynamodb', 'table/', STACK)
/** Kinds of which there is one partition; all others have one for each account (or key). */
const WHOLE = new Set(['ACCOUNT', 'KEY', 'BOOTSTRAP', 'PRIME'])
const APP_ID = `wx${'?'.repeat(16)}`
const CONTEXTS: Record<string, string> = {
  app_secret: APP_ID,
  callback: `${APP_ID}/callback`,
  openid: `${APP_ID}/openid`,
}

interface Statement {
  Effect: 'Allow' | 'Deny'
  Action: string[]
  Resource: Text[]
  Condition?: Record<string, unknown>
}

/** The roles of all functions of the table, by their logical ids. */
export function roles(): Record<string, Resource> {
  return Object.fromEntries(Object.keys(PERMISSIONS).map(id => [`${logicalName(id)}Role`, role(id)]))
}

function role(id: string): Resource {
  const egress = EGRESS_PERMISSIONS[id]
  const policies: unknown[] = [policy('run', statements(id, grantsOf(id)))]
  if (egress) policies.push(either('FixedEgress', policy('egress', egressStatements(id, egress)), ABSENT))
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: join('What ', STACK, `-${id} may do`),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: policies,
    },
  }
}

const policy = (name: string, statement: Statement[]) => ({
  PolicyName: name,
  PolicyDocument: { Version: '2012-10-17', Statement: statement },
})

/** One statement for each action and kind of resource; partitions, prefixes and secrets of one action share it. */
function statements(id: string, grants: readonly Grant[]): Statement[] {
  const groups = Map.groupBy(grants, ([action, resource]) => `${action} ${resource.split('/')[0]}`)
  return [...groups.values()].map(group => {
    const [action] = group[0] ?? []
    const names = group.map(([, resource]) => resource.split('/').slice(1).join('/'))
    return { Effect: 'Allow', Action: [String(action)], ...scope(id, String(group[0]?.[1]), names) }
  })
}

/** Resource and condition of a statement. */
function scope(id: string, resource: string, names: string[]): Pick<Statement, 'Resource' | 'Condition'> {
  switch (resource.split('/')[0]) {
    case 'rows':
      return { Resource: [TABLE], Condition: partitions(names.map(name => (WHOLE.has(name) ? name : `${name}#*`))) }
    case 'due':
      return { Resource: [join(TABLE, '/index/due')], Condition: partitions(names.map(name => `${name}#*`)) }
    case 'objects':
      return { Resource: names.map(name => join(BUCKET, `/${name}/*`)) }
    case 'bucket':
      return { Resource: [BUCKET] }
    case 'secret': {
      const contexts = names.map(name => CONTEXTS[name] ?? '')
      return {
        Resource: [attribute('SecretsKey', 'Arn')],
        Condition: { StringLike: { 'kms:EncryptionContext:app_id': contexts } },
      }
    }
    case 'function':
      return { Resource: names.map(name => arnOf('lambda', 'function:', STACK, `-${name}`)) }
    case 'failures':
      return { Resource: [attribute('FailureQueue', 'Arn')] }
    case 'log':
      return { Resource: [arnOf('logs', 'log-group:/aws/lambda/', STACK, `-${id}:*`)] }
    default:
      throw new Error(`${id}: ${resource} is no resource of the table`)
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html */
const partitions = (keys: string[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } })

/**
 * Lambda itself needs the interfaces; code of the function never does, so it is denied them.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
function egressStatements(id: string, grants: readonly Grant[]): Statement[] {
  const actions = grants.map(([action]) => action)
  const inside = { ArnEquals: { 'lambda:SourceFunctionArn': [arnOf('lambda', 'function:', STACK, `-${id}`)] } }
  return [
    { Effect: 'Allow', Action: actions, Resource: ['*'] },
    { Effect: 'Deny', Action: actions, Resource: ['*'], Condition: inside },
  ]
}
