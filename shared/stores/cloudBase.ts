/** The CloudBase SDK, loaded at first use: it is large, and many functions never need it. */
import type { CloudBase } from '@cloudbase/node-sdk'

/** Below the platform's own limits, so that a caller hears of a stuck call while its run lasts. */
const TIMEOUT_MS = 10_000

/** Where the environment is. Credentials are the platform's: the SDK reads them from its variables at every call. */
export interface CloudBaseSettings {
  env: string
  /** Another server than Tencent's, for the local stack and tests. */
  serviceUrl?: string | undefined
}

/** The client of one environment. */
export type CloudBaseClient = () => Promise<CloudBase>

/**
 * A client that is made once. Its connections are not kept: the SDK silently repeats a call that meets a connection
 * closed by the other side, and a removal that was repeated looks like none.
 */
export function cloudBase({ env, serviceUrl }: CloudBaseSettings): CloudBaseClient {
  let made: Promise<CloudBase> | undefined
  const make = async () => {
    const { default: sdk } = await import('@cloudbase/node-sdk')
    return sdk.init({ env, keepalive: false, timeout: TIMEOUT_MS, ...(serviceUrl !== undefined && { serviceUrl }) })
  }
  return () => {
    made ??= make()
    return made
  }
}

/** Runs `work` unless `signal` aborts first; then rejects with its reason, for the SDK cannot stop a call. */
export async function untilAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work()
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave))
  })
}
