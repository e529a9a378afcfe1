/** Erases the archived media of one fan, on the fan's request. */
import { objects, sealer, secrets, serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { EraseAnswer, EraseBody } from '../shared/core/schemas/temporary.ts'
import { eraseFan } from '../shared/domain/temporary/eraseFan.ts'

export const eraseFanMedia = operation({
  id: 'eraseFanMedia',
  method: 'POST',
  path: '/wechat/media/temporary/erase',
  role: 'admin',
  miniProgram: true,
  summary: 'Erase what a fan sent, by openid',
  body: EraseBody,
  response: EraseAnswer,
  needs: ['table', 'objects', 'secrets', 'sealer'],
  errors: ['WRITE_CONFLICT', 'SECRET_UNREADABLE'],
  run: async ({ appId, body: { openid } }, ports, { signal }) => ({
    data: { erased: await eraseFan(ports, { appId, openid }, signal) },
  }),
})

export const main = serve(eraseFanMedia, { table, objects, secrets, sealer })
