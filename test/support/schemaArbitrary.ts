/** Values that a JSON Schema of the contract allows, and values that it may not. */
import fc from 'fast-check'
import type { Schema } from '../../scripts/typescriptType.ts'

const MAX_LENGTH = 40
const MAX_ITEMS = 3

/** Values that are likelier than what a field's schema alone allows, by the field's name. */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>

/** Values that fit; `schema` has no references. Of fields with a hint, three in four follow it. */
export function allowedValue(schema: Schema, hints: Hints = {}): fc.Arbitrary<unknown> {
  const { anyOf, oneOf = anyOf, prefixItems, items } = schema
  if (oneOf) return fc.oneof(...oneOf.map(one => allowedValue(one, hints)))
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (prefixItems) return fc.tuple(...prefixItems.map(one => allowedValue(one, hints)))
  switch (schema.type) {
    case 'object':
      return objectValue(schema, hints)
    case 'array':
      return fc.array(typeof items === 'object' ? allowedValue(items, hints) : fc.anything(), {
        minLength: Number(schema['minItems'] ?? 0),
        maxLength: Math.min(MAX_ITEMS, Number(schema['maxItems'] ?? MAX_ITEMS)),
      })
    case 'integer':
    case 'number':
      return fc.integer({
        min: Number(schema['minimum'] ?? -1000),
        max: Math.min(2 ** 40, Number(schema['maximum'] ?? 1000)),
      })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return textValue(schema)
  }
}

function objectValue({ properties = {}, required = [] }: Schema, hints: Hints): fc.Arbitrary<unknown> {
  const field = (name: string, schema: Schema) => {
    const hint = hints[name]
    const allowed = allowedValue(schema, hints)
    return hint ? fc.oneof({ weight: 3, arbitrary: hint }, { weight: 1, arbitrary: allowed }) : allowed
  }
  const values = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, field(name, one)]))
  return fc.record(values, { requiredKeys: required.filter(name => Object.hasOwn(values, name)) })
}

function textValue(schema: Schema): fc.Arbitrary<string> {
  const pattern = schema['pattern']
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern))
  const minLength = Number(schema['minLength'] ?? 0)
  const maxLength = Math.max(minLength, Math.min(MAX_LENGTH, Number(schema['maxLength'] ?? MAX_LENGTH)))
  return fc.string({ unit: 'grapheme', minLength, maxLength })
}

/** Anything that JSON can say; names and texts may be Chinese, control characters or broken surrogates. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }),
  fc.constantFrom<unknown>('', ' ', '__proto__', '\ud800', '标题', -1, 0, 1e21, 4_294_967_296, [], {}, null, true),
)

/** `value` with one of its parts, at any depth, taken away or made something else. */
export function damaged(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return junk
  return fc
    .tuple(fc.constantFrom(...Object.keys(value)), fc.boolean(), fc.boolean(), junk)
    .chain(([name, deeper, remove, other]): fc.Arbitrary<unknown> => {
      const part: unknown = Reflect.get(value, name)
      if (deeper) return damaged(part).map(changed => replaced(value, name, changed))
      return fc.constant(remove ? replaced(value, name, undefined) : replaced(value, name, other))
    })
}

function replaced(whole: object, name: string, part: unknown): unknown {
  if (Array.isArray(whole)) return whole.map((item: unknown, index) => (String(index) === name ? part : item))
  return { ...whole, [name]: part }
}
