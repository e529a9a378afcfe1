/** Puts accounts and the admin key into the table; what is there already stays as it is. */
import { ACCOUNT_PARTITION, ACCOUNT_SCHEMA_VERSION, type AccountData } from '../../shared/core/account.ts'
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
  for (const { secret, callback: _, ...account } of accounts) {
    const data: AccountData = { ...account, sealed_secret: await sealer.seal(secret, account.app_id) }
    await table.put({ pk: ACCOUNT_PARTITION, sk: account.app_id, schemaVersion: ACCOUNT_SCHEMA_VERSION, data }, 0)
  }
}
