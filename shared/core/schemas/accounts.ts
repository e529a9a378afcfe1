/** Shapes of the accounts (service-api.md §5). */
import * as z from 'zod'
import { AccountData, AppId, ArchiveRule, LibraryLimits, LimitSet } from '../account.ts'
import { CallbackSettings } from './callback.ts'

const Seconds = z.int().min(0).describe('seconds since the epoch')

/** `/wechat/accounts/{appId}` */
export const AccountPath = z.object({ appId: AppId })

/** What an operator sets; fields that are absent keep their value, in a new account they have their default. */
export const PutAccountBody = z.strictObject({
  secret: z.string().min(1).max(200).optional().describe('the AppSecret; needed for a new account, never shown again'),
  name: z.string().max(100).optional(),
  kind: AccountData.shape.kind.optional(),
  articles: AccountData.shape.articles.optional().describe('draft: the draft box; news: the calls of 2015'),
  limits: LimitSet.optional().describe('which year’s limits of WeChat are held to'),
  credential: z
    .enum(['stable_token', 'token', 'cloudbase', 'cloudcall'])
    .optional()
    .describe(
      'token: the classic call, where each new token ends the one before; cloudbase: WeChat Cloud’s own token; cloudcall: its cloud calls',
    ),
  library_limits: LibraryLimits.nullable()
    .optional()
    .describe('of the permanent library, where the account has others than its set; null removes them'),
  archive: ArchiveRule.nullable().optional().describe('of copies of temporary media; null removes it'),
  callback: CallbackSettings.nullable()
    .optional()
    .describe('of the message push (消息推送), replaced whole, never shown again; null removes it'),
})

/** `?limit=&cursor=` */
export const AccountListQuery = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
  cursor: z.string().min(1).optional(),
})

/** `?counts=` */
export const AccountQuery = z.object({
  counts: z
    .enum(['true', 'false'])
    .default('true')
    .transform(text => text === 'true')
    .describe('false asks nothing of WeChat, for those who look often'),
})

/** What WeChat answered. */
export const WeChatAnswer = z.object({
  errcode: z.int().min(-10_000_000),
  errmsg: z.string(),
  rid: z.string().optional(),
})

/** Settings; secrets never. */
export const AccountView = z.object({
  ...AccountData.pick({ app_id: true, name: true, kind: true, articles: true, limits: true, credential: true }).shape,
  secret_fingerprint: z.string().optional().describe('first 8 hex digits of the secret’s SHA-256'),
  callback: z.boolean().describe('whether message push is set up'),
  library_limits: LibraryLimits.optional(),
  archive: ArchiveRule.optional(),
  updated_at: Seconds.optional(),
})

/** Whether an account works. */
export const AccountState = z.object({
  state: z.enum(['OK', 'DEGRADED']),
  reason: z.string().optional().describe('what the operator must do'),
})

/** The last thing that went wrong and has not gone right since. */
export const LastError = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  ip: z.string().optional().describe('for 40164: the address to add to the IP whitelist'),
  endpoint: z.string().optional(),
  wechat: WeChatAnswer.optional(),
  at: Seconds,
  retry_at: Seconds.optional().describe('when it is tried again'),
})

/** Token age, last error and quotas; never the token. */
export const AccountHealth = AccountState.extend({
  token: z.object({ issued_at: Seconds, expires_at: Seconds }).nullable().describe('null: there is none'),
  last_error: LastError.nullable(),
  parked: z
    .array(z.object({ endpoint: z.string(), until: Seconds, wechat: WeChatAnswer.optional() }))
    .describe('calls whose quota is used up'),
})

/** How much the permanent library holds, and can hold. */
export const AccountLibrary = z.object({
  counts: z
    .object({
      image_count: z.int().min(0),
      news_count: z.int().min(0),
      voice_count: z.int().min(0),
      video_count: z.int().min(0),
    })
    .nullable()
    .describe('null: not asked for, or WeChat did not say'),
  limits: z.object({
    image_and_news: z.int().min(0),
    voice: z.int().min(0),
    video: z.int().min(0),
  }),
})

/** The temporary media that WeChat drops soon. */
export const AccountMedia = z.object({
  expiring: z.int().min(0).describe('WeChat drops them within 24 hours'),
  uncopied: z.int().min(0).describe('of these, without a copy: they will be lost'),
  more: z.boolean().describe('there are more than were counted'),
})

/** One account. */
export const AccountAnswer = z.object({ data: AccountView })

/** One account with its health; mini programs have no library. */
export const AccountHealthAnswer = z.object({
  data: AccountView.extend({
    health: AccountHealth,
    library: AccountLibrary.nullable(),
    temporary_media: AccountMedia,
  }),
})

/** A page of accounts. */
export const AccountListAnswer = z.object({
  data: z.array(AccountView.extend(AccountState.shape)),
  next_cursor: z.string().nullable(),
})

/** A token that was just made; never the token itself. */
export const TokenRefreshAnswer = z.object({
  data: z.object({
    issued_at: Seconds,
    expires_at: Seconds,
    changed: z.boolean().describe('false: WeChat gave the same token again'),
  }),
})
