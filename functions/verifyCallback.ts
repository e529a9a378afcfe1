/** Answers WeChat's check of the callback address; public, for WeChat signs it. */
import { lean, serveOpen } from '#host'
import { operation } from '../shared/core/operation.ts'
import { pushAnswer } from '../shared/core/push/pushAnswer.ts'
import { AccountPath } from '../shared/core/schemas/accounts.ts'
import { PushAnswer, VerificationQuery } from '../shared/core/schemas/callback.ts'
import { openCallback } from '../shared/domain/messages/openCallback.ts'
import { checkVerification } from '../shared/domain/messages/openPush.ts'

export const verifyCallback = operation({
  id: 'verifyCallback',
  method: 'GET',
  path: '/wechat/callback/{appId}',
  role: 'public',
  summary: 'WeChat’s check of the callback address',
  params: AccountPath,
  query: VerificationQuery,
  response: PushAnswer,
  produces: 'text/plain',
  needs: ['table', 'secrets'],
  errors: ['CALLBACK_REFUSED', 'STORE_UNAVAILABLE', 'SECRET_UNREADABLE'],
  run: async ({ params: { appId }, query }, ports, { signal }) => {
    checkVerification(await openCallback(ports, appId, signal), { query, now: ports.clock.now() })
    return pushAnswer(query.echostr)
  },
})

export const main = serveOpen(verifyCallback, { table: lean.table, secrets: lean.secrets })
