/** Lists one type of permanent material, page by page. */
import { serve, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { MaterialsAnswer, MaterialsQuery } from '../shared/core/schemas/library.ts'
import { listMaterials as list } from '../shared/domain/library/listMaterials.ts'

export const listMaterials = operation({
  id: 'listMaterials',
  method: 'GET',
  path: '/wechat/materials',
  role: 'read',
  summary: 'Permanent material of one type, newest first',
  query: MaterialsQuery,
  response: MaterialsAnswer,
  needs: ['wechat'],
  run: ({ account, query }, { wechat }, { signal }) => list(wechat, { account, query, signal }),
})

export const main = serve(listMaterials, { table, wechat })
