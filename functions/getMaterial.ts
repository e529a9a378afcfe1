/** Shows one permanent material: an article's text, or a signed URL of a file, which is fetched from WeChat once. */
import { objects, serve, signer, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { redirectTo } from '../shared/core/redirect.ts'
import { GetMaterialAnswer, MaterialQuery, MediaIdPath } from '../shared/core/schemas/library.ts'
import { articlesTag } from '../shared/domain/articles/articlesTag.ts'
import { fileLink } from '../shared/domain/library/fileLink.ts'
import { getMaterial as get } from '../shared/domain/library/getMaterial.ts'
import { newsView } from '../shared/domain/library/newsView.ts'
import { saidKind } from '../shared/domain/library/resolveKind.ts'

export const getMaterial = operation({
  id: 'getMaterial',
  method: 'GET',
  path: '/wechat/material/{mediaId}',
  role: 'read',
  summary: 'A permanent material or a draft',
  params: MediaIdPath,
  query: MaterialQuery,
  response: GetMaterialAnswer,
  etag: answer => ('news_item' in answer ? articlesTag(answer.news_item) : undefined),
  needs: ['table', 'objects', 'signer', 'wechat'],
  errors: ['MEDIA_NOT_FOUND', 'WRITE_CONFLICT'],
  run: async ({ account, params: { mediaId }, query }, ports, { signal }) => {
    const found = await get(ports, { account, mediaId, said: saidKind(query), signal })
    if ('news_item' in found) return newsView(found)
    const { url, facts } = await fileLink(ports, found.file)
    if (query.redirect) return redirectTo(url)
    const { type, title = '', description = '' } = found
    return { ...(type && type !== 'news' && { type }), title, description, down_url: url, ...facts }
  },
})

export const main = serve(getMaterial, { table, objects, signer, wechat })
