/** Deletes one permanent material or draft. */
import { objects, serve, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { DONE, DoneAnswer } from '../shared/core/schemas/articles.ts'
import { DeleteMaterialQuery, MediaIdPath } from '../shared/core/schemas/library.ts'
import { deleteMaterial as remove } from '../shared/domain/library/deleteMaterial.ts'
import { saidKind } from '../shared/domain/library/resolveKind.ts'

export const deleteMaterial = operation({
  id: 'deleteMaterial',
  method: 'DELETE',
  path: '/wechat/material/{mediaId}',
  role: 'write',
  summary: 'Delete a permanent material or a draft',
  params: MediaIdPath,
  query: DeleteMaterialQuery,
  response: DoneAnswer,
  needs: ['table', 'objects', 'wechat'],
  errors: ['MEDIA_NOT_FOUND'],
  run: async ({ account, params: { mediaId }, query }, ports, { signal }) => {
    await remove(ports, { account, mediaId, said: saidKind(query), signal })
    return { data: DONE }
  },
})

export const main = serve(deleteMaterial, { table, objects, wechat })
