import type { Provider } from '../core/ports.ts'

/** A provider that makes its port on first use and keeps it for the life of the process. */
export function once<T>(make: () => T): Provider<T> {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
