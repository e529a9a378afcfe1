/** Ends an API key at once, unless it is the last admin key. */
import { serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { DONE, DoneAnswer } from '../shared/core/schemas/articles.ts'
import { KeyPath } from '../shared/core/schemas/keys.ts'
import { removeKey } from '../shared/domain/keys/endKey.ts'
import { readKey } from '../shared/domain/keys/keyAccess.ts'

export const deleteKey = operation({
  id: 'deleteKey',
  method: 'DELETE',
  path: '/wechat/keys/{keyId}',
  role: 'admin',
  account: 'none',
  summary: 'End an API key',
  params: KeyPath,
  response: DoneAnswer,
  needs: ['table'],
  errors: ['KEY_NOT_FOUND', 'LAST_ADMIN_KEY', 'WRITE_CONFLICT'],
  run: async ({ caller, params: { keyId } }, ports, { signal }) => {
    await removeKey(ports, await readKey(ports.table, caller, keyId, signal), signal)
    return { data: DONE }
  },
})

export const main = serve(deleteKey, { table })
