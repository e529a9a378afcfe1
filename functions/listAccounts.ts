/** Lists the accounts that the caller's key has a grant on, and whether they work; asks nothing of WeChat. */
import { serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { AccountListAnswer, AccountListQuery } from '../shared/core/schemas/accounts.ts'
import { accountHealth } from '../shared/domain/accounts/accountHealth.ts'
import { accountView, listAccounts as list } from '../shared/domain/accounts/accountView.ts'

export const listAccounts = operation({
  id: 'listAccounts',
  method: 'GET',
  path: '/wechat/accounts',
  role: 'read',
  account: 'none',
  summary: 'Accounts and whether they work',
  query: AccountListQuery,
  response: AccountListAnswer,
  needs: ['table'],
  run: async ({ caller, query }, ports) => {
    const page = await list(ports.table, caller, query)
    const data = page.items.map(async account => {
      const { state, reason } = await accountHealth(ports, account.app_id)
      return { ...accountView(account), state, ...(reason !== undefined && { reason }) }
    })
    return { data: await Promise.all(data), next_cursor: page.cursor ?? null }
  },
})

export const main = serve(listAccounts, { table })
