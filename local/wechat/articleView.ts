/** How articles are shown: key order as recorded on the wire (wechat-api.md part (c), 6). */
import type { Call } from './endpoint.ts'
import type { Article } from './mutation.ts'
import { imageUrl } from './publicUrls.ts'
import type { ArticleSet } from './state.ts'

/** What a view needs to know. */
export type Viewer = Pick<Call, 'simulator' | 'account'>

/** `news_item`, `create_time`, `update_time`; `withoutContent` leaves the articles' text out. */
export function newsContent(viewer: Viewer, set: ArticleSet, withoutContent = false): Record<string, unknown> {
  return {
    news_item: set.articles.map((article, index) => articleView(viewer, article, { set, index, withoutContent })),
    create_time: Math.floor(set.createdAt / 1000),
    update_time: Math.floor(set.updatedAt / 1000),
  }
}

function articleView(
  { simulator, account }: Viewer,
  article: Article,
  { set, index, withoutContent }: { set: ArticleSet; index: number; withoutContent: boolean },
): Record<string, unknown> {
  const thumb = account.materials.get(article.thumb_media_id)
  return {
    title: article.title,
    author: article.author,
    digest: article.digest,
    ...(!withoutContent && { content: article.content }),
    content_source_url: article.content_source_url,
    thumb_media_id: article.thumb_media_id,
    show_cover_pic: article.show_cover_pic,
    url: `http://mp.weixin.qq.com/s?__biz=${account.settings.appId}&mid=${set.mediaId}&idx=${index + 1}#rd`,
    thumb_url: thumb ? imageUrl(simulator, account.settings, thumb.file) : '',
    need_open_comment: article.need_open_comment,
    only_fans_can_comment: article.only_fans_can_comment,
    ...(article.article_type === 'newspic' && {
      article_type: article.article_type,
      image_info: { image_list: article.image_media_ids.map(id => ({ image_media_id: id })) },
    }),
  }
}
