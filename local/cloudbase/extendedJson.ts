/** MongoDB's extended JSON (v2), as far as the CloudBase SDK uses it for rows: numbers with a type, plain everything else. */

/** The value that `text` stands for. Throws SyntaxError. */
export const fromExtendedJson = (text: string): unknown => JSON.parse(text, (_, value: unknown) => untyped(value))

/** The canonical text of a value: each number carries its type. */
export const toExtendedJson = (value: unknown): string => JSON.stringify(typed(value))

function untyped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return value
  const [[name, text] = ['', undefined]] = Object.entries(value)
  return /^\$number(Int|Long|Double)$/.test(name) ? Number(text) : value
}

const MAX_INT = 2 ** 31

function typed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typed)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, typed(inner)]))
  }
  if (typeof value !== 'number') return value
  if (!Number.isInteger(value)) return { $numberDouble: String(value) }
  return Math.abs(value) < MAX_INT ? { $numberInt: String(value) } : { $numberLong: String(value) }
}
