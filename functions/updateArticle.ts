/** Replaces one article of a draft; with `If-Match` only while nobody else has changed it. */
import { serve, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { DONE, DoneAnswer, MAX_ARTICLE_BODY_BYTES, UpdateArticleBody } from '../shared/core/schemas/articles.ts'
import { MediaIdPath } from '../shared/core/schemas/library.ts'
import { updateArticle as update } from '../shared/domain/articles/updateArticle.ts'

export const updateArticle = operation({
  id: 'updateArticle',
  method: 'PUT',
  path: '/wechat/material/article/{mediaId}',
  role: 'write',
  summary: 'Change an article',
  params: MediaIdPath,
  body: UpdateArticleBody,
  maxBodyBytes: MAX_ARTICLE_BODY_BYTES,
  response: DoneAnswer,
  needs: ['table', 'wechat'],
  errors: ['MEDIA_NOT_FOUND', 'PRECONDITION_FAILED'],
  run: async ({ account, params: { mediaId }, body: { article, index }, ifMatch }, ports, { signal }) => {
    const warnings = await update(ports, { account, mediaId, index, article, ifMatch, signal })
    return { data: { ...DONE, ...(warnings.length > 0 && { warnings }) } }
  },
})

export const main = serve(updateArticle, { table, wechat })
