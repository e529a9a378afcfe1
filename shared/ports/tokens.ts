import type { TokenParameter } from './credentials.ts'

/** An access_token as readers hold it. */
export interface AccessToken {
  value: string
  /** The query parameter that carries it; `access_token` when absent. */
  parameter?: TokenParameter
  /** The token row's custody number: grows by one with each renewal. */
  generation: number
  /** ms since the epoch, the safety margin already taken off */
  expiresAt: number
}

/** Hands out each account's access_token. */
export interface Tokens {
  /**
   * A usable token; throws `AppError` when the account is unknown, degraded or WeChat cannot be reached. `endpoint`
   * (below /cgi-bin/) is for hosts where not every credential opens every call.
   */
  current(appId: string, signal?: AbortSignal, endpoint?: string): Promise<AccessToken>
  /**
   * Reports that WeChat refused `failed` (40001, 40014, 42001) and returns the token to try next: a newer
   * one of the row, else one the refresher gets.
   */
  replace(appId: string, failed: AccessToken, signal?: AbortSignal): Promise<AccessToken>
}
