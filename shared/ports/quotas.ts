/** A refusal of WeChat, as far as it says when and why. */
export interface StandingRefusal {
  code: string
  message: string
  details: Record<string, unknown>
  wechat?: { errcode: number; errmsg: string; rid?: string } | undefined
  /** seconds */
  retryAfter?: number | undefined
}

/** What WeChat refused lately: calls that must wait, and faults of an account that its operator must mend. */
export interface Quotas {
  /** Throws `AppError('WECHAT_QUOTA')` while this call is parked for the account. */
  check(appId: string, endpoint: string): Promise<void>
  /** Parks the call for the account until the refusal's `retryAfter` is over. Never throws. */
  park(appId: string, endpoint: string, refusal: StandingRefusal): Promise<void>
  /** Remembers a fault for the account's health. Never throws. */
  blame(appId: string, endpoint: string, refusal: StandingRefusal): Promise<void>
}
