/** Makes an API key; with `replaces` it takes the place of another one, which stays valid for an overlap. */
import { serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { CreatedKeyAnswer, CreateKeyBody } from '../shared/core/schemas/keys.ts'
import { createKey as create } from '../shared/domain/keys/createKey.ts'
import { keyView } from '../shared/domain/keys/keyAccess.ts'

export const createKey = operation({
  id: 'createKey',
  method: 'POST',
  path: '/wechat/keys',
  role: 'admin',
  account: 'none',
  summary: 'Make an API key, which is shown this one time',
  status: 201,
  body: CreateKeyBody,
  response: CreatedKeyAnswer,
  needs: ['table'],
  errors: ['KEY_NOT_FOUND', 'LAST_ADMIN_KEY', 'WRITE_CONFLICT'],
  run: async ({ caller, body }, ports) => {
    const { key, data } = await create(ports, caller, body)
    return { data: { key, ...keyView(data) } }
  },
})

export const main = serve(createKey, { table })
