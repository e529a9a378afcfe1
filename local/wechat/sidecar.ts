/** WeChat Cloud's open interface service: calls that carry the platform's own credential, or none at all (wechat-api.md §8.3). */
import { Refusal } from './refusal.ts'

/** The account that an environment belongs to, and what its calls may carry. */
export interface Sidecar {
  appId: string
  /** The valid `cloudbase_access_token`; others of the platform have expired. */
  token: string
  /** Whether calls without any token are signed on their way, as from a container over plain HTTP. */
  open: boolean
}

/**
 * The app_id of a call under the platform's credential, `undefined` when the call must have an access_token. Throws
 * `Refusal` 40001 for a cloudbase_access_token that is not valid.
 */
export function cloudAccount(sidecar: Sidecar | undefined, query: URLSearchParams): string | undefined {
  const given = query.get('cloudbase_access_token')
  if (given !== null) {
    if (sidecar && given === sidecar.token) return sidecar.appId
    throw new Refusal(40001)
  }
  return sidecar?.open && !query.has('access_token') ? sidecar.appId : undefined
}
