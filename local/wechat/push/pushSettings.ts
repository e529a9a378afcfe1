/** Where and how the platform pushes an account's messages: what its operator sets in the console (wechat-api.md §6). */
import * as z from 'zod'

/** The console's settings of the message push. */
export const PushSettings = z.strictObject({
  url: z.url(),
  token: z.string().min(1),
  /** The EncodingAESKey, 43 characters; not used in plain mode. */
  aesKey: z.string().length(43),
  mode: z.enum(['plain', 'compatible', 'safe']).default('safe'),
  format: z.enum(['xml', 'json']).default('xml'),
  /** The account's original id, ToUserName of every message. */
  ghId: z.string().default('gh_97417a04a28d'),
})

/** The console's settings of the message push. */
export type PushSettings = z.output<typeof PushSettings>
