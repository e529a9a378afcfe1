/** What is posted to an address that an operator named. */
export interface OutboundRequest {
  url: string
  /** Lower-case names; Content-Length is the port's business. */
  headers: Record<string, string>
  body: Uint8Array
  /** ms without an answer after which it is given up */
  timeoutMs: number
  signal: AbortSignal
}

/** Posts to addresses outside, and to nothing of our own network. */
export interface Outbound {
  /** The answer's status, or one word for why there is none. Follows no redirect and reads no body. Never throws. */
  post(request: OutboundRequest): Promise<{ status: number } | { failure: string }>
}
