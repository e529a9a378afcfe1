/** A refusal of WeChat, as far as it says when and why. */
export interface StandingRefusal {
  code: string
  message: string
  details: Record<string, unknown>
  wechat?: { errcode: number; errmsg: string; rid?: string } | undefined
  /** seconds */
  retryAfter?: number | undefined
}

/**
 * How far a fault reaches. `account`: no call of the account can succeed. `call`: this call cannot. `token`: the call was
 * refused for its token twice, which may pass or may last. `health`: only the operator should know.
 */
export type FaultScope = 'account' | 'call' | 'token' | 'health'

/** What WeChat refused lately: calls that must wait, and faults of an account that its operator must mend. */
export interface Quotas {
  /**
   * Throws `AppError('WECHAT_QUOTA')` while this call is parked for the account, `ACCOUNT_MISCONFIGURED` while a fault
   * stops it. Once a fault's time is over, one caller is let through to see whether it is mended.
   */
  check(appId: string, endpoint: string): Promise<void>
  /** Parks the call for the account until the refusal's `retryAfter` is over. Never throws. */
  park(appId: string, endpoint: string, refusal: StandingRefusal): Promise<void>
  /** Remembers a fault: for the account's health, and by its scope to stop calls. Never throws. */
  blame(appId: string, endpoint: string, refusal: StandingRefusal, scope: FaultScope): Promise<void>
  /** A call went well: the fault that it was let through for is mended. Never throws. */
  succeeded(appId: string, endpoint: string): Promise<void>
}
