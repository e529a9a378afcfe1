/** Puts accounts and the admin key into the table; what is there already stays as it is. */
import { type AccountData, accountRow, callbackContext } from '../../shared/core/account.ts'
import { keyRow } from '../../shared/core/keys.ts'
import type { Sealer } from '../../shared/ports/secrets.ts'
import type { Table } from '../../shared/ports/table.ts'
import type { AccountEntry } from './accountsFile.ts'

/** What a table is seeded with. `now` in ms. */
export interface Seed {
  accounts: AccountEntry[]
  apiKey: string
  now: number
}

/** Writes the rows that are missing. */
export async function seedTable(table: Table, sealer: Sealer, { accounts, apiKey, now }: Seed): Promise<void> {
  await table.put(keyRow(apiKey, { role: 'admin', app_ids: '*', created_at: Math.floor(now / 1000) }), 0)
  for (const { secret, callback, ...account } of accounts) {
    const { app_id: appId } = account
    const data: AccountData = {
      ...account,
      sealed_secret: await sealer.seal(secret, appId),
      ...(callback && { sealed_callback: await sealer.seal(JSON.stringify(callback), callbackContext(appId)) }),
    }
    await table.put(accountRow(data), 0)
  }
}
