/** Articles in WeChat's library: legacy news material, retired for writing since the draft box (wechat-api.md §3.6). */
import type { Article, NewsItem, NewsList, NewsListItem, NewsMaterial } from '../ports/wechat.ts'
import { type ApiAnswer, type ApiRequest, jsonRequest } from './apiCall.ts'
import type { Endpoint } from './endpoints.ts'
import { isObject } from './json.ts'
import { integer, objects, requiredNumber, requiredText, succeeded, text } from './judge.ts'

/** POST material/add_news (2015). */
export function addNewsRequest(articles: Article[]): ApiRequest {
  return jsonRequest('material/add_news', { articles })
}

/** The id of new articles, of material/add_news or draft/add. */
export function addedArticles(endpoint: 'material/add_news' | 'draft/add', answer: ApiAnswer): { media_id: string } {
  return { media_id: requiredText(endpoint, answer, succeeded(endpoint, answer)['media_id']) }
}

/** POST material/update_news (2015); `index` from 0. */
export function updateNewsRequest(mediaId: string, index: number, article: Article): ApiRequest {
  return jsonRequest('material/update_news', { media_id: mediaId, index, articles: article })
}

/** Nothing, or an error. */
export function updateNewsAnswer(answer: ApiAnswer): void {
  succeeded('material/update_news', answer)
}

/** POST material/batchget_material for articles; `offset` from 0, `count` 1 to 20. */
export function listNewsRequest(offset: number, count: number): ApiRequest {
  return jsonRequest('material/batchget_material', { type: 'news', offset, count })
}

/** One page of articles, of either list. */
export function newsListAnswer(endpoint: Endpoint, answer: ApiAnswer): NewsList {
  const value = succeeded(endpoint, answer)
  const item = objects(value['item']).map((raw): NewsListItem => {
    const { kind, ...content } = newsOf(isObject(raw['content']) ? raw['content'] : {})
    return {
      media_id: requiredText(endpoint, answer, raw['media_id']),
      content,
      update_time: integer(raw['update_time']) ?? content.update_time ?? 0,
    }
  })
  const total = requiredNumber(endpoint, answer, value['total_count'])
  return { total_count: total, item_count: integer(value['item_count']) ?? item.length, item }
}

/** The articles of an object with `news_item`; fields beyond the port's are kept. */
export function newsOf(value: Record<string, unknown>): NewsMaterial {
  const created = integer(value['create_time'])
  const updated = integer(value['update_time'])
  return {
    kind: 'news',
    news_item: objects(value['news_item']).map(newsItem),
    ...(created === undefined ? {} : { create_time: created }),
    ...(updated === undefined ? {} : { update_time: updated }),
  }
}

function newsItem(raw: Record<string, unknown>): NewsItem {
  return {
    ...raw,
    title: text(raw['title']),
    thumb_media_id: text(raw['thumb_media_id']),
    content: text(raw['content']),
    author: text(raw['author']),
    digest: text(raw['digest']),
    content_source_url: text(raw['content_source_url']),
    url: text(raw['url']),
    show_cover_pic: integer(raw['show_cover_pic']) ?? 0,
  }
}
