/** Forces a new access_token, within the 20 a day that WeChat allows; the token itself is never shown. */
import { invoker, serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { remoteValue } from '../shared/core/remoteAnswer.ts'
import { AccountPath, TokenRefreshAnswer } from '../shared/core/schemas/accounts.ts'
import { REFRESHER_ERRORS, TokenFacts } from '../shared/core/schemas/calls.ts'
import { forgetRefusals } from '../shared/domain/quotas/refusalRow.ts'
import { REFRESHER } from '../shared/domain/tokens/tokenReader.ts'
import { hint } from '../shared/domain/uploads/hint.ts'
import { SWEEPER } from '../shared/domain/uploads/jobNames.ts'

export const refreshAccountToken = operation({
  id: 'refreshAccountToken',
  method: 'POST',
  path: '/wechat/accounts/{appId}/token/refresh',
  role: 'admin',
  account: 'path',
  summary: 'Force a new access_token',
  params: AccountPath,
  response: TokenRefreshAnswer,
  needs: ['table', 'invoker'],
  errors: [...REFRESHER_ERRORS],
  run: async ({ appId }, ports, { signal }) => {
    const { table, invoker } = ports
    const answer = await invoker.call(REFRESHER, { app_id: appId, force: true }, signal)
    const { issued_at, expires_at, changed } = remoteValue(TokenFacts, answer)
    await forgetRefusals(table, appId)
    await hint(ports, SWEEPER, { mended: appId })
    const seconds = (ms: number) => Math.floor(ms / 1000)
    return { data: { issued_at: seconds(issued_at), expires_at: seconds(expires_at), changed } }
  },
})

export const main = serve(refreshAccountToken, { table, invoker })
