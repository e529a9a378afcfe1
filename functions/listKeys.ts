/** Lists the API keys whose grants the caller has too. */
import { serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { KeyListAnswer, KeyListQuery } from '../shared/core/schemas/keys.ts'
import { keyView, listKeys as list } from '../shared/domain/keys/keyAccess.ts'

export const listKeys = operation({
  id: 'listKeys',
  method: 'GET',
  path: '/wechat/keys',
  role: 'admin',
  account: 'none',
  summary: 'API keys, without the keys themselves',
  query: KeyListQuery,
  response: KeyListAnswer,
  needs: ['table'],
  run: async ({ caller, query }, { table }) => {
    const page = await list(table, caller, query)
    return { data: page.items.map(keyView), next_cursor: page.cursor ?? null }
  },
})

export const main = serve(listKeys, { table })
