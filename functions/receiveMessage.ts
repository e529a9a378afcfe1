/** Takes in WeChat's message push; public, for WeChat signs it. */
import { invoker, lean, serveOpen } from '#host'
import { operation } from '../shared/core/operation.ts'
import { pushAnswer } from '../shared/core/push/pushAnswer.ts'
import { readPushBody } from '../shared/core/push/pushBody.ts'
import { AccountPath } from '../shared/core/schemas/accounts.ts'
import { PUSH_BODIES, PushAnswer, PushQuery } from '../shared/core/schemas/callback.ts'
import { receivePush } from '../shared/domain/messages/receivePush.ts'

export const receiveMessage = operation({
  id: 'receiveMessage',
  method: 'POST',
  path: '/wechat/callback/{appId}',
  role: 'public',
  summary: 'WeChat’s message push',
  params: AccountPath,
  query: PushQuery,
  read: readPushBody,
  bodies: PUSH_BODIES,
  response: PushAnswer,
  produces: 'text/plain',
  needs: ['table', 'secrets', 'invoker'],
  errors: ['CALLBACK_REFUSED', 'BODY_TOO_LARGE', 'STORE_UNAVAILABLE', 'SECRET_UNREADABLE'],
  run: async ({ params: { appId }, query, body }, ports, { signal }) => {
    await receivePush(ports, { appId, query, ...body }, signal)
    return pushAnswer('success')
  },
})

export const main = serveOpen(receiveMessage, { table: lean.table, secrets: lean.secrets, invoker })
