import type { TokenParameter } from './credentials.ts'

/** What a token is wanted for. */
export interface CallFacts {
  /** The path below /cgi-bin/. */
  endpoint: string
  /** bytes of the request's body */
  bytes: number
}

/** An access_token as readers hold it. */
export interface AccessToken {
  /** Of a `cloud_call`, which has no token, `cloud-call/<app_id>`: whatever stands here is blanked in answers. */
  value: string
  /** The query parameter that carries it, `access_token` when absent; `cloud_call` is for the transport and never on the wire. */
  parameter?: TokenParameter | 'cloud_call'
  /** The token row's custody number: grows by one with each renewal. */
  generation: number
  /** ms since the epoch, the safety margin already taken off */
  expiresAt: number
}

/** Hands out each account's access_token. */
export interface Tokens {
  /**
   * A usable token; throws `AppError` when the account is unknown, degraded or WeChat cannot be reached. `call` is
   * for hosts where not every credential opens every call.
   */
  current(appId: string, signal?: AbortSignal, call?: CallFacts): Promise<AccessToken>
  /**
   * Reports that WeChat refused `failed` (40001, 40014, 42001; the platform of a cloud call too) and returns the token to try next: a newer
   * one of the row, else one the refresher gets.
   */
  replace(appId: string, failed: AccessToken, signal?: AbortSignal): Promise<AccessToken>
}
