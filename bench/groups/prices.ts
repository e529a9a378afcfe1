/** List prices of us-east-1 in US dollars, as AWS's price pages say them, for the cost of a million uploads. */

/** Per million, but transfer (per GiB), and Lambda's time (per GB-second, arm64). */
export const PRICES = {
  transferOut: 0.09,
  /** GiB a month */
  transferFree: 100,
  s3Put: 5,
  s3Get: 0.4,
  httpApi: 1,
  lambdaRequest: 0.2,
  lambdaGbSecond: 0.0000133334,
  tableWrite: 0.625,
  tableRead: 0.125,
}

/** What one upload asks for, on average. */
export interface UploadCounts {
  bytesOut: number
  puts: number
  gets: number
  apiRequests: number
  invocations: number
  /** of all its invocations, seconds times GB */
  gbSeconds: number
  /** units of 1 KB, the index's own included */
  writes: number
  /** strongly consistent units of 4 KB */
  reads: number
}

/** The part that no relay through S3 can avoid: transfer, one PUT, one GET. */
export const floorOf = (bytesOut: number): number =>
  Math.max(0, (bytesOut * 1e6) / 1_024 ** 3 - PRICES.transferFree) * PRICES.transferOut + PRICES.s3Put + PRICES.s3Get

/** Dollars for a million such uploads a month. */
export function costOf(counts: UploadCounts): number {
  const { bytesOut, puts, gets, apiRequests, invocations, gbSeconds, writes, reads } = counts
  const transfer = Math.max(0, (bytesOut * 1e6) / 1_024 ** 3 - PRICES.transferFree) * PRICES.transferOut
  return (
    transfer +
    puts * PRICES.s3Put +
    gets * PRICES.s3Get +
    apiRequests * PRICES.httpApi +
    invocations * PRICES.lambdaRequest +
    gbSeconds * 1e6 * PRICES.lambdaGbSecond +
    writes * PRICES.tableWrite +
    reads * PRICES.tableRead
  )
}
