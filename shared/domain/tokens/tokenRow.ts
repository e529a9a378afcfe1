/** The table row that holds an account's access_token (docs/data-model.md). */
import * as z from 'zod'
import type { AppError } from '../../core/errors.ts'
import { isErrorCode, recordedError } from '../../core/remoteAnswer.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'
import type { AccessToken } from '../../ports/tokens.ts'
import { MAX_SKEW_MS } from './clockSkew.ts'

/** The schema version that this code writes. */
export const TOKEN_SCHEMA_VERSION = 1
/** The due-time queue of tokens to renew. */
export const TOKEN_QUEUE = 'token'
/** Taken off WeChat's expiry, so that a token in flight is not refused on arrival. */
export const EXPIRY_MARGIN_MS = 120_000
/** WeChat renews a stable token only in its last five minutes (wechat-api.md §1.2). */
export const RENEW_AHEAD_MS = 300_000
/** Rows that nobody renews any more are collected so much later. */
const KEEP_S = 24 * 3600
/** A lease that an observer has seen unchanged for so long belongs to nobody any more. */
export const LEASE_MS = 15_000

/** Why the last renewal failed, and when the next one may be tried. */
export const TokenFailure = z.object({
  /** Tells this failure from the one before; absent in rows of earlier code. */
  id: z.string().optional(),
  /** ms since the epoch: when renewing began to fail with this errcode; absent in rows of earlier code */
  since: z.number().optional(),
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  wechat: z.object({ errcode: z.number(), errmsg: z.string(), rid: z.string().optional() }).optional(),
  /** ms since the epoch */
  at: z.number(),
  /** ms since the epoch */
  retry_at: z.number(),
})

/** What the row's `data` holds; times in ms since the epoch. */
export const TokenData = z.object({
  app_id: z.string(),
  /** "" until the first renewal. */
  value: z.string(),
  /** The query parameter that carries it, unless that is `access_token`. */
  parameter: z.literal('cloudbase_access_token').optional(),
  generation: z.number(),
  issued_at: z.number(),
  /** The margin is already taken off. */
  expires_at: z.number(),
  /** `until` is of the holder's clock: a hint for the schedule, never proof that the holder is dead. */
  lease: z.object({ id: z.string(), until: z.number() }).optional(),
  failure: TokenFailure.optional(),
  /** When WeChat first refused the present value. */
  suspect_since: z.number().optional(),
  /** When WeChat last refused it. */
  suspect_last: z.number().optional(),
  /** When another token took the place of a refused one, in the last hour. */
  superseded: z.array(z.number()).optional(),
  /** When the operator was last told that another system takes tokens. */
  contested_at: z.number().optional(),
  forced_at: z.number().optional(),
  /** When new tokens were forced in the last 24 hours. */
  forced: z.array(z.number()).optional(),
})

/** The stored form of a token. */
export type TokenData = z.infer<typeof TokenData>

/** The row's key. */
export const tokenKey = (appId: string): RowKey => ({ pk: `TOKEN#${appId}`, sk: 'token' })

/** Reads and parses the row. */
export async function readToken(
  table: Table,
  appId: string,
  signal?: AbortSignal,
): Promise<Row<TokenData> | undefined> {
  const row = await table.get<unknown>(tokenKey(appId), signal)
  return row && { ...row, data: TokenData.parse(row.data) }
}

/** The row to write for `data`; a usable token is due for renewal before WeChat's own expiry. */
export function tokenRow(data: TokenData): RowDraft<TokenData> {
  const expiry = data.expires_at + EXPIRY_MARGIN_MS
  return {
    ...tokenKey(data.app_id),
    schemaVersion: TOKEN_SCHEMA_VERSION,
    data,
    ...dueOf(data),
    ttl: Math.ceil(Math.max(expiry, data.lease?.until ?? 0, data.failure?.retry_at ?? 0) / 1000) + KEEP_S,
  }
}

/** A lease is looked at when its holder should have ended; a failure is tried again by the schedule, not only by callers. */
function dueOf({ value, expires_at, lease, failure }: TokenData): Pick<RowDraft<TokenData>, 'due'> {
  // Nobody can renew the token of an account that is gone.
  if (failure?.code === 'ACCOUNT_NOT_FOUND' || (!value && !lease && !failure)) return {}
  const at = failure?.retry_at ?? (value ? expires_at + EXPIRY_MARGIN_MS - RENEW_AHEAD_MS : Number.POSITIVE_INFINITY)
  return { due: { queue: TOKEN_QUEUE, at: Math.min(lease?.until ?? at, at) } }
}

/**
 * Whether a lease must be respected. `unchanged`: the id of a lease that somebody watched for {@link LEASE_MS} on their
 * own clock. Without a watcher only a time that no skew of clocks explains ends it.
 */
export const leaseStands = (lease: TokenData['lease'], now: number, unchanged: string | undefined): boolean =>
  lease !== undefined && lease.id !== unchanged && now <= lease.until + 2 * MAX_SKEW_MS

/** What tells a failure from the next one. */
export const failureId = ({ id, at }: NonNullable<TokenData['failure']>): string => id ?? String(at)

/** The token of a row while it is usable at `now` (ms). */
export function usableToken(data: TokenData | undefined, now: number): AccessToken | undefined {
  if (!data?.value || data.expires_at <= now) return undefined
  const { value, parameter, generation, expires_at: expiresAt } = data
  return { value, ...(parameter && { parameter }), generation, expiresAt }
}

/** The recorded failure as an error for callers, while its time to wait lasts. */
export function standingFailure(data: TokenData | undefined, now: number): AppError | undefined {
  const failure = data?.failure
  if (!failure || failure.retry_at <= now) return undefined
  const { code, message, details = {}, wechat } = failure
  const known = isErrorCode(code) ? code : 'WECHAT_UNREACHABLE'
  const left = (failure.retry_at - now) / 1000
  return recordedError({ code: known, message, details, ...(wechat && { wechat }), retry_after: left })
}
