/** A cloud call (云调用) as the platform takes it. */
export interface CloudCall {
  /** `officialAccount.material.addMaterial` */
  name: string
  /** The encoded arguments. */
  message: Buffer
  /** ms without any progress after which the call is given up */
  timeoutMs: number
  signal: AbortSignal | undefined
}

/** Calls WeChat through the cloud platform, which adds its own credential. */
export interface CloudCalls {
  /**
   * The encoded answer. Throws `AppError`: `WECHAT_UNREACHABLE` when the platform surely did not get the call,
   * `OUT_OF_TIME` when the signal aborted before it was made, `INTERNAL` when the platform refused it,
   * `WECHAT_UNCLEAR` for everything else.
   */
  call(call: CloudCall): Promise<Buffer>
}
