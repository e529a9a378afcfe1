/** `WECHAT_ACCOUNTS`: which accounts the local stack starts with. */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { AppId, LimitSet } from '../../shared/core/account.ts'
import { CallbackSettings } from '../../shared/core/schemas/callback.ts'
import { DEMO_ACCOUNT } from '../wechat/demoAccount.ts'

/** One account as an operator writes it (service-api.md §6). */
export const AccountEntry = z.strictObject({
  app_id: AppId,
  secret: z.string().min(1),
  name: z.string().default(''),
  kind: z.enum(['official', 'mini_program']).default('official'),
  articles: z.enum(['draft', 'news']).default('draft'),
  limits: LimitSet.default('current'),
  credential: z.enum(['stable_token', 'token', 'authorizer', 'cloudbase', 'cloudcall']).default('stable_token'),
  callback: CallbackSettings.optional(),
})

/** A parsed account. */
export type AccountEntry = z.infer<typeof AccountEntry>

/** The accounts of `given` (JSON, or a file's path), else the demo account. Throws with a sentence for the operator. */
export function readAccounts(given: string | undefined): AccountEntry[] {
  if (given === undefined) {
    const { appId, secret, callback } = DEMO_ACCOUNT
    return [AccountEntry.parse({ app_id: appId, secret, name: 'demo', callback })]
  }
  const inline = given.trimStart().startsWith('[')
  const parsed = z
    .array(AccountEntry)
    .min(1)
    .safeParse(json(inline ? given : readText(given)))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Error(`WECHAT_ACCOUNTS is not valid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Error(`WECHAT_ACCOUNTS names a file that cannot be read: ${path}`)
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message would quote the text, and with it a secret.
    throw new Error('WECHAT_ACCOUNTS is not well-formed JSON')
  }
}
