/** Questions that nobody waits for longer than they are worth. */
import type { Clock } from '../../ports/clock.ts'

/** What `ask` answers within `ms`, else `undefined`, and its signal aborts. Rejects with what it rejects with in time. */
export async function soon<T>(
  clock: Clock,
  { ms, signal }: { ms: number; signal: AbortSignal },
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const nothing = () => undefined
  const asked = ask(either)
  // It may fail later, when nobody listens any more.
  asked.catch(nothing)
  try {
    return await Promise.race([asked, clock.sleep(ms, either).then(nothing, nothing)])
  } finally {
    stop.abort()
  }
}
