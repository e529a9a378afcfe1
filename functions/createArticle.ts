/** Creates a draft of one to eight articles. */
import { serve, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import {
  ArticleAnswer,
  CREATE_ARTICLE_BODIES,
  CreateArticleBody,
  MAX_ARTICLE_BODY_BYTES,
} from '../shared/core/schemas/articles.ts'
import { createArticle as create } from '../shared/domain/articles/createArticle.ts'

export const createArticle = operation({
  id: 'createArticle',
  method: 'POST',
  path: '/wechat/material/article',
  role: 'write',
  summary: 'Create articles',
  body: CreateArticleBody,
  bodies: CREATE_ARTICLE_BODIES,
  maxBodyBytes: MAX_ARTICLE_BODY_BYTES,
  response: ArticleAnswer,
  needs: ['table', 'wechat'],
  run: async ({ appId, account, body: articles }, ports, { signal }) => {
    const { media_id, warnings } = await create(ports, { account, articles, signal })
    return { data: { type: 'news' as const, app_id: appId, media_id, ...(warnings.length > 0 && { warnings }) } }
  },
})

export const main = serve(createArticle, { table, wechat })
