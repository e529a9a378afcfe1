/** Ends an API key at once. */
import { serve, table } from '#host'
import { AppError } from '../shared/core/errors.ts'
import { operation } from '../shared/core/operation.ts'
import { DONE, DoneAnswer } from '../shared/core/schemas/articles.ts'
import { KeyPath } from '../shared/core/schemas/keys.ts'
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
  errors: ['KEY_NOT_FOUND', 'WRITE_CONFLICT'],
  run: async ({ caller, params: { keyId } }, { table }, { signal }) => {
    const row = await readKey(table, caller, keyId, signal)
    if (!(await table.remove(row, row.version, signal))) {
      throw new AppError('WRITE_CONFLICT', 'The key changed meanwhile; try again.')
    }
    return { data: DONE }
  },
})

export const main = serve(deleteKey, { table })
