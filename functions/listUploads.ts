/** Lists an account's uploads, newest first; with `?state=` it is the failure inbox. */
import { serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { UploadListAnswer, UploadListQuery } from '../shared/core/schemas/upload.ts'
import { listUploads as list, uploadView } from '../shared/domain/uploads/uploadRow.ts'

export const listUploads = operation({
  id: 'listUploads',
  method: 'GET',
  path: '/wechat/uploads',
  role: 'read',
  miniProgram: true,
  summary: 'Uploads by state, newest first',
  query: UploadListQuery,
  response: UploadListAnswer,
  needs: ['table'],
  run: async ({ appId, query: { state, limit, cursor } }, { table }) => {
    const where = state === undefined ? {} : { where: { state } }
    const page = await list(table, appId, { limit, ...(cursor !== undefined && { cursor }), ...where })
    return { data: page.items.map(uploadView), next_cursor: page.cursor ?? null }
  },
})

export const main = serve(listUploads, { table })
