/** Counts the permanent material of an account by type. */
import { serve, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { StatsAnswer, StatsQuery } from '../shared/core/schemas/library.ts'
import { countMaterials } from '../shared/domain/library/countMaterials.ts'

export const getMaterialStats = operation({
  id: 'getMaterialStats',
  method: 'GET',
  path: '/wechat/material/stats',
  role: 'read',
  summary: 'How much permanent material there is',
  query: StatsQuery,
  response: StatsAnswer,
  needs: ['wechat'],
  run: async ({ account, query: { source } }, { wechat }, { signal }) => ({
    data: await countMaterials(wechat, { account, legacy: source === 'news', signal }),
  }),
})

export const main = serve(getMaterialStats, { table, wechat })
