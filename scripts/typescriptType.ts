/** JSON Schema, as OpenAPI 3.1 has it, as a TypeScript type. */
import * as z from 'zod'

const Names = z.array(z.string())

/** The keywords that the contract uses; everything else says nothing about the type. */
export const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), Names]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  get anyOf() {
    return z.array(Schema).optional()
  },
  get oneOf() {
    return z.array(Schema).optional()
  },
  get allOf() {
    return z.array(Schema).optional()
  },
  get properties() {
    return z.record(z.string(), Schema).optional()
  },
  required: Names.optional(),
  get items() {
    return z.union([z.boolean(), Schema]).optional()
  },
  get prefixItems() {
    return z.array(Schema).optional()
  },
  get additionalProperties() {
    return z.union([z.boolean(), Schema]).optional()
  },
  description: z.string().optional(),
  format: z.string().optional(),
})

/** A parsed schema. */
export type Schema = z.infer<typeof Schema>

/** The type's text; `indent` is that of the line it begins on. */
export function typescriptType(schema: Schema, indent = ''): string {
  const { $ref, anyOf, oneOf = anyOf, allOf, type } = schema
  if ($ref !== undefined) return $ref.replace(/^.*\//, '')
  if (oneOf) return union(oneOf.map(one => typescriptType(one, indent)))
  if (allOf) return allOf.map(one => typescriptType(one, indent)).join(' & ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return union(schema.enum.map(value => JSON.stringify(value)))
  if (Array.isArray(type)) return union(type.map(one => typescriptType({ ...schema, type: one }, indent)))
  switch (type) {
    case 'string':
      return schema.format === 'binary' ? 'Blob' : 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
    case 'null':
      return type
    case 'array':
      return arrayType(schema, indent)
    case 'object':
      return objectType(schema, indent)
    default:
      return 'unknown'
  }
}

const union = (types: string[]): string => [...new Set(types)].join(' | ')

function arrayType({ prefixItems, items }: Schema, indent: string): string {
  if (prefixItems) return `[${prefixItems.map(item => typescriptType(item, indent)).join(', ')}]`
  const item = typeof items === 'object' ? typescriptType(items, indent) : 'unknown'
  return / [|&] /.test(item) ? `(${item})[]` : `${item}[]`
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `
  const fields = Object.entries(properties).map(([name, property]) => {
    const comment = property.description ? `${inner}/** ${property.description.replaceAll('*/', '* /')} */\n` : ''
    const optional = required.includes(name) ? '' : '?'
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
    return `${comment}${inner}${key}${optional}: ${typescriptType(property, inner)}\n`
  })
  if (fields.length > 0) return `{\n${fields.join('')}${indent}}`
  const rest = typeof additionalProperties === 'object' ? typescriptType(additionalProperties, indent) : 'unknown'
  return `Record<string, ${rest}>`
}
