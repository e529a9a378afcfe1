/** An access_token as readers hold it. */
export interface AccessToken {
  value: string
  /** The token row's custody number: grows by one with each renewal. */
  generation: number
  /** ms since the epoch, the safety margin already taken off */
  expiresAt: number
}

/** Hands out each account's access_token. */
export interface Tokens {
  /** A usable token; throws `AppError` when the account is unknown, degraded or WeChat cannot be reached. */
  current(appId: string, signal?: AbortSignal): Promise<AccessToken>
  /**
   * Reports that WeChat refused `failed` (40001, 40014, 42001) and returns the token to try next: a newer
   * one of the row, else one the refresher gets.
   */
  replace(appId: string, failed: AccessToken, signal?: AbortSignal): Promise<AccessToken>
}
