/** Adds or changes an account; a secret is tried at WeChat before it is kept, sealed. */
import { invoker, sealer, serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { AccountAnswer, AccountPath, PutAccountBody } from '../shared/core/schemas/accounts.ts'
import { REFRESHER_ERRORS } from '../shared/core/schemas/calls.ts'
import { accountView } from '../shared/domain/accounts/accountView.ts'
import { putAccount as put } from '../shared/domain/accounts/putAccount.ts'

export const putAccount = operation({
  id: 'putAccount',
  method: 'PUT',
  path: '/wechat/accounts/{appId}',
  role: 'admin',
  account: 'new',
  summary: 'Add or change an account',
  params: AccountPath,
  body: PutAccountBody,
  response: AccountAnswer,
  needs: ['table', 'sealer', 'invoker'],
  errors: [...REFRESHER_ERRORS, 'WRITE_CONFLICT'],
  run: async ({ appId, body }, ports, { signal }) => ({ data: accountView(await put(ports, { appId, body, signal })) }),
})

export const main = serve(putAccount, { table, sealer, invoker })
