/** What CloudFormation would refuse in a template, by AWS's own specification of its resources (`@aws-cdk/aws-service-spec`). */
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec'
import * as z from 'zod'

/** The parts of a template that are looked at. */
export const Template = z.object({
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.strictObject({
      Type: z.string(),
      Condition: z.string().optional(),
      DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
      DeletionPolicy: z.enum(['Delete', 'Retain', 'Snapshot']).optional(),
      UpdateReplacePolicy: z.enum(['Delete', 'Retain', 'Snapshot']).optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  Outputs: z.record(z.string(), z.unknown()).default({}),
})

/** A parsed template. */
export type Template = z.infer<typeof Template>

/** A type as the specification describes it. */
interface SpecType {
  readonly type: string
  readonly element?: SpecType
  readonly types?: readonly SpecType[]
  readonly reference?: { readonly $ref: string }
  readonly allowedValues?: readonly (string | number)[]
}
type SpecProperties = Readonly<Record<string, { readonly type: SpecType; readonly required?: boolean }>>

const spec = loadAwsServiceSpecSync()
/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAX_RESOURCES = 500
const PSEUDO = /^AWS::(AccountId|NoValue|Partition|Region|StackId|StackName|URLSuffix)$/

/** Everything that is wrong, one sentence each. */
export function findings(template: Template): string[] {
  const resources = Object.entries(template.Resources)
  return [
    ...resources.flatMap(([name, { Type, Properties }]) => resourceFindings(name, Type, Properties)),
    ...referenceFindings(template),
    ...circleFindings(template),
    ...(resources.length > MAX_RESOURCES ? [`${resources.length} resources, more than ${MAX_RESOURCES}`] : []),
  ]
}

function resourceFindings(name: string, type: string, properties: Record<string, unknown>): string[] {
  const known = spec.lookup('resource', 'cloudFormationType', 'equals', type)
  if (known.length !== 1) return [`${name}: there is no resource ${type}`]
  return objectFindings(name, properties, known.only().properties)
}

function objectFindings(where: string, value: Record<string, unknown>, properties: SpecProperties): string[] {
  const missing = Object.entries(properties)
    .filter(([key, { required }]) => required && value[key] === undefined)
    .map(([key]) => `${where}: ${key} is missing`)
  const inside = Object.entries(value).flatMap(([key, one]) => {
    const property = properties[key]
    return property ? valueFindings(`${where}.${key}`, one, property.type) : [`${where}: there is no ${key}`]
  })
  return [...missing, ...inside]
}

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
  'date-time': value => typeof value === 'string',
  number: value => value !== '' && Number.isFinite(Number(value)),
  integer: value => value !== '' && Number.isInteger(Number(value)),
  boolean: value => typeof value === 'boolean' || value === 'true' || value === 'false',
}

function valueFindings(where: string, value: unknown, type: SpecType): string[] {
  const branches = intrinsic(value)
  if (branches) return branches.flatMap(branch => valueFindings(where, branch, type))
  switch (type.type) {
    case 'array':
      if (!Array.isArray(value)) return [`${where}: is no list`]
      return value.flatMap((one, index) => (type.element ? valueFindings(`${where}[${index}]`, one, type.element) : []))
    case 'map':
      return isObject(value)
        ? Object.entries(value).flatMap(([key, one]) =>
            type.element ? valueFindings(`${where}.${key}`, one, type.element) : [],
          )
        : [`${where}: is no object`]
    case 'union': {
      const tried = (type.types ?? []).map(one => valueFindings(where, value, one))
      return tried.some(found => found.length === 0) ? [] : (tried[0] ?? [])
    }
    case 'ref': {
      const definition = type.reference && spec.get('typeDefinition', type.reference)
      if (!definition) return []
      return isObject(value) ? objectFindings(where, value, definition.properties) : [`${where}: is no object`]
    }
    default: {
      const fits = CHECKS[type.type]?.(value) ?? true
      const isAllowed = !type.allowedValues || type.allowedValues.some(one => String(one) === String(value))
      return fits && isAllowed ? [] : [`${where}: ${JSON.stringify(value)} is no ${type.type} that is allowed`]
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The values that an intrinsic function may take, as far as they can be seen; `undefined` for a plain value. */
function intrinsic(value: unknown): unknown[] | undefined {
  if (!isObject(value)) return undefined
  const [name, ...others] = Object.keys(value)
  if (others.length > 0 || name === undefined || !/^(Ref|Fn::\w+|Condition)$/.test(name)) return undefined
  const content = value[name]
  return name === 'Fn::If' && Array.isArray(content) ? content.slice(1) : []
}

/** A use of another part of the template. */
interface Use {
  kind: 'name' | 'attribute' | 'condition'
  name: string
  attribute?: string
}

/** All uses below a value. */
function usesIn(value: unknown): Use[] {
  if (Array.isArray(value)) return value.flatMap(usesIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, content]): Use[] => {
    if (key === 'Ref' && typeof content === 'string') return [{ kind: 'name', name: content }]
    if (key === 'Fn::GetAtt') {
      const [name = '', ...path] = Array.isArray(content) ? content.map(String) : String(content).split('.')
      return [{ kind: 'attribute', name, attribute: path.join('.') }]
    }
    if (key === 'Fn::Sub') {
      const text = String(Array.isArray(content) ? content[0] : content)
      return [...text.matchAll(/\$\{([\w:]+)(?:\.([\w.]+))?\}/g)].map(([, name = '', attribute]) =>
        attribute === undefined ? { kind: 'name', name } : { kind: 'attribute', name, attribute },
      )
    }
    if (key === 'Fn::If' && Array.isArray(content)) {
      return [{ kind: 'condition', name: String(content[0]) }, ...usesIn(content.slice(1))]
    }
    return usesIn(content)
  })
}

function referenceFindings({ Resources, Conditions, Outputs }: Template): string[] {
  const broken = (where: string, { kind, name, attribute = '' }: Use): string[] => {
    if (kind === 'condition') return name in Conditions ? [] : [`${where}: there is no condition ${name}`]
    if (kind === 'name' && PSEUDO.test(name)) return []
    const resource = Resources[name]
    if (!resource) return [`${where}: there is no ${name}`]
    if (kind === 'name') return []
    const [known] = spec.lookup('resource', 'cloudFormationType', 'equals', resource.Type)
    return known && attribute in known.attributes ? [] : [`${where}: ${name} has no attribute ${attribute}`]
  }
  const inResources = Object.entries(Resources).flatMap(([where, { Properties, Condition, DependsOn = [] }]) => {
    const named: Use[] = [DependsOn].flat().map(name => ({ kind: 'name', name }))
    const bound: Use[] = Condition === undefined ? [] : [{ kind: 'condition', name: Condition }]
    return [...usesIn(Properties), ...named, ...bound].flatMap(use => broken(where, use))
  })
  return [...inResources, ...usesIn(Outputs).flatMap(use => broken('Outputs', use))]
}

/** Resources that wait for each other. */
function circleFindings({ Resources }: Template): string[] {
  const waits = new Map(
    Object.entries(Resources).map(([name, { Properties, DependsOn = [] }]) => [
      name,
      [...usesIn(Properties).map(use => use.name), ...[DependsOn].flat()].filter(other => other in Resources),
    ]),
  )
  const done = new Set<string>()
  const visit = (name: string, path: string[]): string[] => {
    if (path.includes(name)) return [`${[...path.slice(path.indexOf(name)), name].join(' → ')} is a circle`]
    if (done.has(name)) return []
    const found = (waits.get(name) ?? []).flatMap(next => visit(next, [...path, name]))
    done.add(name)
    return found
  }
  return [...waits.keys()].flatMap(name => visit(name, []))
}
