/** Metadata of objects travel as header values: percent-encoding keeps Unicode and outer spaces. */

/** The header values of `metadata`, under the same names. */
export const encodedMetadata = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, encodeURIComponent(value)]))

/** The metadata behind header values; one that nobody encoded stays as it is. */
export const decodedMetadata = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, decoded(value)]))

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
