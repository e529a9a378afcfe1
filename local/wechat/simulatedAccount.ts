/** What the simulator knows about one account: its secret, kind, limits, quotas and switches. */
import * as z from 'zod'
import { PushSettings } from './push/pushSettings.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Limits an account is held to; sources contradict each other, so all can be changed (wechat-api.md §2.1, §3.1, §4.1). */
const Limits = z.strictObject({
  /** bytes of a temporary image */
  temporaryImage: z.number().default(10 * MIB),
  /** bytes of a permanent image */
  image: z.number().default(10 * MIB),
  /** bytes */
  voice: z.number().default(2 * MIB),
  /** bytes */
  video: z.number().default(10 * MIB),
  /** bytes */
  thumb: z.number().default(64 * KIB),
  /** bytes an image of media/uploadimg must stay below */
  uploadimg: z.number().default(MIB),
  /** permanent images, thumbs and news together */
  libraryImages: z.number().default(100_000),
  libraryVoices: z.number().default(1_000),
  libraryVideos: z.number().default(1_000),
  /** characters */
  title: z.number().default(64),
  /** characters */
  author: z.number().default(16),
  /** characters */
  digest: z.number().default(128),
  /** characters an article's content must stay below */
  contentCharacters: z.number().default(20_000),
  /** bytes an article's content must stay below */
  contentBytes: z.number().default(MIB),
  /** articles in one draft */
  articles: z.number().default(8),
})

/** Calls allowed, by cgi path (`/cgi-bin/media/upload`) or `*` for every path that has no entry. */
const CallsByPath = z.record(z.string(), z.number())

/** An account's settings with every default filled in. */
export const AccountSettings = z.strictObject({
  appId: z.string().min(1),
  secret: z.string().min(1),
  kind: z.enum(['service', 'subscription', 'test', 'miniprogram']).default('service'),
  limits: Limits.prefault({}),
  /** Calls a day; replaces the kind's own figures (wechat-api.md §5). */
  quotas: CallsByPath.default({}),
  /** Calls a minute; replaces the kind's own figures. */
  minuteQuotas: CallsByPath.default({}),
  /** Token calls answer 40164 with the caller's IP. */
  ipBlocked: z.boolean().default(false),
  /** Every call answers 50002. */
  frozen: z.boolean().default(false),
  /** Token calls answer 40243. */
  secretFrozen: z.boolean().default(false),
  /** Calls that answer 48001: all of them, or the named cgi paths. */
  revoked: z.union([z.boolean(), z.array(z.string())]).default(false),
  /** add_news and update_news still work. */
  legacyNews: z.boolean().default(false),
  /** need_open_comment may be 1; else it answers 88000. */
  commentPrivilege: z.boolean().default(true),
  /** What `\uXXXX` in a draft's JSON does: 40033, or it is kept as those six characters. */
  unicodeEscapes: z.enum(['refuse', 'literal']).default('refuse'),
  /** Image URLs begin with http://mmbiz.qpic.cn instead of the simulator's own address. */
  mmbizUrls: z.boolean().default(false),
  /** The key `url` of a permanent voice or video: absent, or "". */
  voiceVideoUrl: z.enum(['absent', 'empty']).default('absent'),
  /** Successful payloads also carry errcode 0 and errmsg "ok". */
  okInPayloads: z.boolean().default(false),
  /** Errors are written with errmsg before errcode. */
  errmsgFirst: z.boolean().default(false),
  /** ms after the upload during which a video's URL answers 404 */
  videoReadyAfterMs: z.number().default(0),
  /** ms after the upload during which drafts do not know a permanent media_id yet (40007) */
  replicationDelayMs: z.number().default(0),
  /** Answered for every file over its limit, in place of 40009 to 40012. */
  sizeErrcode: z.number().nullable().default(null),
  /** Where messages of fans are pushed to; nowhere when null. */
  push: PushSettings.nullable().default(null),
})

/** An account's settings with every default filled in. */
export type AccountSettings = z.output<typeof AccountSettings>

/** An account as a caller describes it: `appId`, `secret`, and what differs from the defaults. */
export type SimulatedAccount = z.input<typeof AccountSettings>

/** A change of an account; `limits`, `quotas` and `minuteQuotas` are merged entry by entry. */
export type AccountChange = Partial<SimulatedAccount> & { appId: string }

/** The settings after `change`; throws `ZodError` for unknown fields or a new account without secret. */
export function changedSettings(before: AccountSettings | undefined, change: AccountChange): AccountSettings {
  return AccountSettings.parse({
    ...before,
    ...change,
    limits: { ...before?.limits, ...change.limits },
    quotas: { ...before?.quotas, ...change.quotas },
    minuteQuotas: { ...before?.minuteQuotas, ...change.minuteQuotas },
  })
}
