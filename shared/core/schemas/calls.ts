/** What functions of this service send each other. */
import * as z from 'zod'
import { AppId } from '../account.ts'
import type { ErrorCode } from '../errors.ts'
import { EVERYBODY } from '../grants.ts'
import { TIME_ORDERED_ID } from '../ids.ts'
import { GrantedAppIds } from './keys.ts'
import { MediaId } from './media.ts'

/** A call of the forwarder. */
export const UploadCall = z.object({
  payload: z
    .object({ app_id: AppId, upload_id: z.string().regex(TIME_ORDERED_ID) })
    .transform(({ app_id, upload_id }) => ({ appId: app_id, uploadId: upload_id })),
})

/** A call of the sweeper; `mended` names an account whose parked uploads need not wait any more. */
export const SweepCall = z.object({ payload: z.object({ mended: AppId.optional() }) })

/** A call of the mirror: media that another run of it has no time for, or that somebody wants soon. */
export const MirrorCall = z.object({
  payload: z
    .object({ media: z.array(z.object({ app_id: AppId, media_id: MediaId })).max(500) })
    .transform(({ media }) => media.map(({ app_id, media_id }) => ({ appId: app_id, mediaId: media_id }))),
})

/** A call of `putGrant`: what users of a mini program may do; `openid` names one of them, `none` takes the grant away. */
export const GrantCall = z.object({
  payload: z.strictObject({
    mini_program: AppId,
    openid: z.string().min(1).max(64).default(EVERYBODY),
    role: z.enum(['read', 'write', 'none']),
    app_ids: GrantedAppIds.default([]),
    name: z.string().max(100).optional(),
  }),
})

/**
 * A call of the refresher: `failed_generation` names the token that WeChat refused, `unchanged` the lease or failure that
 * the caller has watched until its time was over, `seen` the version of the row that it read (0: none), `force` is an operator's wish for a new one, `check` asks whether WeChat takes a secret that is not kept yet.
 */
export const RefreshCall = z.object({
  payload: z.object({
    app_id: AppId,
    failed_generation: z.int().min(1).optional(),
    unchanged: z.string().optional(),
    seen: z.int().min(0).optional(),
    force: z.literal(true).optional(),
    check: z
      .object({ sealed_secret: z.string(), credential: z.enum(['stable_token', 'token', 'cloudbase', 'cloudcall']) })
      .optional(),
  }),
})

/** What the refresher says of a token: never the token. Times in ms since the epoch. */
export const TokenFacts = z.object({
  issued_at: z.number(),
  expires_at: z.number(),
  /** Whether it is another one than before. */
  changed: z.boolean(),
})

/** What the refresher may refuse with, for the contract of those who ask it. */
export const REFRESHER_ERRORS: readonly ErrorCode[] = [
  'ACCOUNT_NOT_FOUND',
  'WECHAT_REFUSED',
  'ACCOUNT_MISCONFIGURED',
  'WECHAT_QUOTA',
  'SECRET_UNREADABLE',
  'WECHAT_BAD_ANSWER',
  'WECHAT_UNREACHABLE',
  'WECHAT_BUSY',
]
