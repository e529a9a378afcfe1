/** Shows an account's settings and health: what an operator needs to know, and nothing that opens anything. */
import { serve, table, wechat } from '#host'
import { readAccount } from '../shared/core/account.ts'
import { operation } from '../shared/core/operation.ts'
import { AccountHealthAnswer, AccountPath, AccountQuery } from '../shared/core/schemas/accounts.ts'
import { accountHealth } from '../shared/domain/accounts/accountHealth.ts'
import { accountLibrary } from '../shared/domain/accounts/accountLibrary.ts'
import { accountMedia } from '../shared/domain/accounts/accountMedia.ts'
import { accountView } from '../shared/domain/accounts/accountView.ts'

export const getAccount = operation({
  id: 'getAccount',
  method: 'GET',
  path: '/wechat/accounts/{appId}',
  role: 'read',
  account: 'path',
  summary: 'An account and its health',
  params: AccountPath,
  query: AccountQuery,
  response: AccountHealthAnswer,
  needs: ['table', 'wechat'],
  run: async ({ appId, account, query: { counts } }, ports, { signal }) => {
    // First, for it may find out something about the health.
    const library = await accountLibrary(ports, account, { counts, signal })
    const [row, health, media] = await Promise.all([
      readAccount(ports.table, appId, signal),
      accountHealth(ports, appId),
      accountMedia(ports, appId, signal),
    ])
    return { data: { ...accountView(row), health, library, temporary_media: media } }
  },
})

export const main = serve(getAccount, { table, wechat })
