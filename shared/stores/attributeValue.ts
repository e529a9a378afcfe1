/** JSON data ↔ DynamoDB's AttributeValue, for exactly the values that the Table port allows. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/** The attribute for a JSON value; fields that are `undefined` are left out. Throws TypeError for what is not JSON. */
export function toAttribute(value: unknown): AttributeValue {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number' && Number.isFinite(value)) return { N: String(value) }
  if (Array.isArray(value)) return { L: value.map(toAttribute) }
  if (isPlainObject(value)) return { M: toAttributes(value) }
  throw new TypeError(`A row cannot hold this: ${typeof value === 'object' ? 'an object of a class' : String(value)}`)
}

/** The JSON value of an attribute. Throws TypeError for types that no row of ours has (sets, bytes). */
export function fromAttribute(attribute: AttributeValue): unknown {
  if (attribute.S !== undefined) return attribute.S
  if (attribute.N !== undefined) return Number(attribute.N)
  if (attribute.BOOL !== undefined) return attribute.BOOL
  if (attribute.NULL !== undefined) return null
  if (attribute.L !== undefined) return attribute.L.map(fromAttribute)
  if (attribute.M !== undefined) {
    return Object.fromEntries(Object.entries(attribute.M).map(([field, value]) => [field, fromAttribute(value)]))
  }
  throw new TypeError(`A row holds an attribute of an unknown type: ${Object.keys(attribute).join()}`)
}

function toAttributes(fields: object): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field, toAttribute(value)]),
  )
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
