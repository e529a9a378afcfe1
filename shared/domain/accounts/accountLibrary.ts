/** How full an account's permanent library is. */
import type * as z from 'zod'
import type { Account } from '../../core/account.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { AccountLibrary } from '../../core/schemas/accounts.ts'
import { libraryLimits } from '../uploads/libraryLimits.ts'

/** Counts and limits; `null` for a mini program, which has no library. Without WeChat's answer the counts are `null`. */
export async function accountLibrary(
  { wechat, log }: PortsOf<'wechat'>,
  account: Account,
  { counts: wanted, signal }: { counts: boolean; signal: AbortSignal },
): Promise<z.infer<typeof AccountLibrary> | null> {
  if (account.kind === 'mini_program') return null
  const counts = wanted
    ? await wechat
        .material(account.app_id)
        .count(signal)
        .catch((error: unknown) => {
          log.info('the library of an account could not be counted', { app_id: account.app_id, error })
          return null
        })
    : null
  return { counts, limits: libraryLimits(account) }
}
