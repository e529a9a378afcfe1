/** The part of MongoDB's query language that the service uses: equality, ranges, `$and`. */

/** A document of the database. */
export type Document = Record<string, unknown>

/** Whether `document` fits `filter`. Throws for an operator that is not known here, so that a test cannot pass by mistake. */
export function matchesFilter(document: Document, filter: Document): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    if (field === '$and') return asList(condition).every(each => matchesFilter(document, each))
    if (field.startsWith('$')) throw new Error(`the operator ${field} is not known here`)
    if (!isOperators(condition)) return document[field] === condition
    return Object.entries(condition).every(([operator, bound]) => compares(operator, document[field], bound))
  })
}

/** Below 0 when `a` comes before `b`: numbers by value, text by its UTF-8 bytes. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.compare(Buffer.from(String(a ?? '')), Buffer.from(String(b ?? '')))
}

function compares(operator: string, value: unknown, bound: unknown): boolean {
  // Values of another type, and missing ones, are outside every range.
  if (typeof value !== typeof bound) return false
  const order = compareValues(value, bound)
  switch (operator) {
    case '$gt':
      return order > 0
    case '$gte':
      return order >= 0
    case '$lt':
      return order < 0
    case '$lte':
      return order <= 0
    case '$eq':
      return order === 0
    default:
      throw new Error(`the operator ${operator} is not known here`)
  }
}

const isOperators = (condition: unknown): condition is Document =>
  typeof condition === 'object' && condition !== null && Object.keys(condition).every(key => key.startsWith('$'))

function asList(value: unknown): Document[] {
  if (Array.isArray(value)) return value
  throw new Error('$and takes a list')
}
