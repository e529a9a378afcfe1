/** Reads the roles of a template back into the words of deploy/permissions.ts. */
import * as z from 'zod'
import type { Template } from './templateRules.ts'

const List = z.union([z.unknown().array(), z.unknown().transform(one => [one])])
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.unknown().optional(),
  Action: z.union([z.string().array(), z.string().transform(one => [one])]),
  Resource: List.optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.union([z.string().array(), z.unknown()]))).optional(),
})

/** A statement of a policy. */
export type Statement = z.infer<typeof Statement>

/** Every statement below a value. */
export function statementsIn(value: unknown): Statement[] {
  if (Array.isArray(value)) return value.flatMap(statementsIn)
  if (typeof value !== 'object' || value === null) return []
  const { PolicyDocument } = Object.fromEntries(Object.entries(value))
  if (PolicyDocument !== undefined) return z.object({ Statement: Statement.array() }).parse(PolicyDocument).Statement
  return Object.values(value).flatMap(statementsIn)
}

/** The text of a resource as far as the template says it: names of pseudo parameters and attributes stay in braces. */
export function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const [[name, content] = ['', undefined]] = Object.entries(value)
  if (name === 'Ref') return `{${String(content)}}`
  if (name === 'Fn::GetAtt' && Array.isArray(content)) return `{${content.join('.')}}`
  if (name === 'Fn::Join' && Array.isArray(content) && Array.isArray(content[1])) {
    return content[1].map(textOf).join(String(content[0]))
  }
  throw new Error(`${name} is not understood in a resource of a policy`)
}

const HERE = '{AWS::Region}:{AWS::AccountId}'
const BUCKET = 'arn:{AWS::Partition}:s3:::{AWS::StackName}-{AWS::AccountId}-{AWS::Region}'
const TABLE = `arn:{AWS::Partition}:dynamodb:${HERE}:table/{AWS::StackName}`
const FUNCTION = `arn:{AWS::Partition}:lambda:${HERE}:function:{AWS::StackName}-`

/** `action resource` of each thing that a role allows, in the words of the table; what it has no word for stays an ARN. */
export function allowedBy(id: string, role: Template['Resources'][string] | undefined): string[] {
  const allowed = statementsIn(role?.Properties['Policies']).filter(({ Effect }) => Effect === 'Allow')
  return allowed.flatMap(statement => {
    const resources = (statement.Resource ?? []).flatMap(one => words(id, textOf(one), statement))
    return statement.Action.flatMap(action => resources.map(resource => `${action} ${resource}`))
  })
}

function words(id: string, resource: string, { Condition = {} }: Statement): string[] {
  if (resource === TABLE) return keysOf(Condition).map(key => `rows/${key.replace(/#\*$/, '')}`)
  if (resource === `${TABLE}/index/due`) return keysOf(Condition).map(key => `due/${key.replace(/#\*$/, '')}`)
  if (resource === '{SecretsKey.Arn}') {
    return texts(Condition['StringLike']?.['kms:EncryptionContext:app_id']).map(
      context =>
        `secret/${/^wx\?{16}(?:\/(\w+))?$/.exec(context)?.[1] ?? (context.includes('/') ? context : 'app_secret')}`,
    )
  }
  if (Object.keys(Condition).length > 0) return [`${resource} under a condition`]
  if (resource === BUCKET) return ['bucket']
  if (resource.startsWith(`${BUCKET}/`)) return [`objects/${resource.slice(BUCKET.length + 1).replace(/\/\*$/, '')}`]
  if (resource.startsWith(FUNCTION)) return [`function/${resource.slice(FUNCTION.length)}`]
  if (resource === '{FailureQueue.Arn}') return ['failures']
  if (resource === `arn:{AWS::Partition}:logs:${HERE}:log-group:/aws/lambda/{AWS::StackName}-${id}:*`) return ['log']
  return [resource]
}

const keysOf = (condition: NonNullable<Statement['Condition']>): string[] => {
  const keys = texts(condition['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'])
  return keys.length > 0 ? keys : ['every row']
}

const texts = (value: unknown): string[] => z.string().array().catch([]).parse(value)
