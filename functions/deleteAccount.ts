/** Removes an account and its token; uploads and what WeChat holds stay as they are. */
import { serve, table } from '#host'
import { accountKey, accountNotFound, findAccount } from '../shared/core/account.ts'
import { AppError } from '../shared/core/errors.ts'
import { operation } from '../shared/core/operation.ts'
import { AccountPath } from '../shared/core/schemas/accounts.ts'
import { DONE, DoneAnswer } from '../shared/core/schemas/articles.ts'
import { forgetRefusals } from '../shared/domain/quotas/refusalRow.ts'
import { removeToken } from '../shared/domain/tokens/tokenChanges.ts'

export const deleteAccount = operation({
  id: 'deleteAccount',
  method: 'DELETE',
  path: '/wechat/accounts/{appId}',
  role: 'admin',
  account: 'path',
  summary: 'Remove an account',
  params: AccountPath,
  response: DoneAnswer,
  needs: ['table'],
  errors: ['WRITE_CONFLICT'],
  run: async ({ appId }, { table }, { signal }) => {
    const row = await findAccount(table, appId, signal)
    if (!row) throw accountNotFound(appId)
    if (!(await table.remove(accountKey(appId), row.version, signal))) {
      throw new AppError('WRITE_CONFLICT', 'The account changed meanwhile; try again.')
    }
    // In this order: without its account nobody can renew the token any more.
    await removeToken(table, appId)
    await forgetRefusals(table, appId)
    return { data: DONE }
  },
})

export const main = serve(deleteAccount, { table })
