/** The environment, read on first use and nowhere else. */

/** The value of a variable, `undefined` when unset or empty. */
export const env = (name: string): string | undefined => process.env[name] || undefined

/** The value of a variable; throws when it is missing, for the deployment is broken then. */
export function requiredEnv(name: string): string {
  const value = env(name)
  if (value === undefined) throw new Error(`the environment variable ${name} is not set`)
  return value
}
