/** Lists tracked temporary media: soonest end first, then those that WeChat has dropped. */
import { serve, signer, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { TemporaryListAnswer, TemporaryListQuery } from '../shared/core/schemas/temporary.ts'
import { listMedia } from '../shared/domain/temporary/listMedia.ts'
import { temporaryView } from '../shared/domain/temporary/temporaryView.ts'

export const listTemporaryMedia = operation({
  id: 'listTemporaryMedia',
  method: 'GET',
  path: '/wechat/media/temporary',
  role: 'read',
  miniProgram: true,
  summary: 'Tracked media by source and state, soonest expiry first, then those that expired',
  query: TemporaryListQuery,
  response: TemporaryListAnswer,
  needs: ['table', 'signer'],
  run: async ({ appId, query: { source, state, limit, cursor } }, ports, { signal }) => {
    const page = await listMedia(ports, { appId, source, state, limit, cursor }, signal)
    return {
      data: await Promise.all(page.items.map(data => temporaryView(ports, data))),
      next_cursor: page.cursor ?? null,
    }
  },
})

export const main = serve(listTemporaryMedia, { table, signer })
