/** Changes of token rows from outside the refresher; its lease holds against them through the row's version. */
import type { Table } from '../../ports/table.ts'
import { readToken, tokenKey, tokenRow } from './tokenRow.ts'

const MAX_TRIES = 5

/** Lets the token be asked for again at once: what made the last renewal fail has changed. */
export async function clearFailure(table: Table, appId: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const row = await readToken(table, appId)
    if (!row?.data.failure) return
    const { failure: _, ...data } = row.data
    if ((await table.put(tokenRow(data), row.version)).ok) return
  }
}

/** Takes an account's token away; a renewal under way finds no row to write then. */
export async function removeToken(table: Table, appId: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const row = await readToken(table, appId)
    if (!row || (await table.remove(tokenKey(appId), row.version))) return
  }
}
