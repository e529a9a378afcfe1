/** Accounts as callers see them. */
import type * as z from 'zod'
import { ACCOUNT_PARTITION, AccountData } from '../../core/account.ts'
import { type Caller, isGranted } from '../../core/keys.ts'
import type { AccountView } from '../../core/schemas/accounts.ts'
import type { Page, Table } from '../../ports/table.ts'

/** The account without its secrets; times in seconds. */
export function accountView(account: AccountData): z.infer<typeof AccountView> {
  const { sealed_secret: _, sealed_callback: callback, updated_at: updatedAt, ...shown } = account
  return {
    ...shown,
    callback: callback !== undefined,
    ...(updatedAt !== undefined && { updated_at: Math.floor(updatedAt / 1000) }),
  }
}

/** A page of the accounts that the caller has a grant on; it may be shorter than `limit` although more follow. */
export async function listAccounts(
  table: Table,
  caller: Caller,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<AccountData>> {
  const page = await table.list<unknown>(ACCOUNT_PARTITION, { limit, ...(cursor !== undefined && { cursor }) })
  const accounts = page.items.map(row => AccountData.parse(row.data))
  return { items: accounts.filter(({ app_id: appId }) => isGranted(caller, appId)), cursor: page.cursor }
}
