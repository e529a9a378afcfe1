/** Articles as callers see them: as WeChat gives them, fields that only it knows included. */
import type * as z from 'zod'
import type { NewsAnswer } from '../../core/schemas/library.ts'
import type { NewsMaterial } from '../../ports/wechat.ts'

/** seed004 §5 and §7. */
export function newsView(news: Omit<NewsMaterial, 'kind'>): z.infer<typeof NewsAnswer> {
  const { news_item: articles, create_time: created, update_time: updated } = news
  return {
    news_item: articles.map(article => ({ ...article })),
    ...(created !== undefined && { create_time: created }),
    ...(updated !== undefined && { update_time: updated }),
  }
}
