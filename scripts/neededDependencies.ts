/** Takes out of a template what osls writes twice: CloudFormation makes first what a property refers to (cfn-lint W3005). */

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** The same value without those entries of a resource's `DependsOn` that its own properties refer to. */
export function withNeededDependencies(value: Json): Json {
  if (Array.isArray(value)) return value.map(withNeededDependencies)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, part]) => [name, withNeededDependencies(part)] as const)
  const { DependsOn, Properties } = value
  if (DependsOn === undefined || Properties === undefined) return Object.fromEntries(entries)
  const referred = new Set(referencesIn(Properties))
  const needed = [DependsOn].flat().filter(name => typeof name !== 'string' || !referred.has(name))
  return Object.fromEntries(
    entries.flatMap(([name, part]) =>
      name !== 'DependsOn' ? [[name, part]] : needed.length > 0 ? [[name, needed]] : [],
    ),
  )
}

/** The resources that a property surely refers to; a branch of a condition may not be taken. */
function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => {
    if (name === 'Fn::If') return []
    if (name === 'Ref' && typeof part === 'string') return [part]
    if (name === 'Fn::GetAtt') return [part].flat().slice(0, 1).map(String)
    return referencesIn(part)
  })
}
