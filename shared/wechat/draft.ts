/** The draft box as request builders and answer judges (wechat-api.md §4). */
import type { Article, NewsMaterial } from '../ports/wechat.ts'
import { type ApiAnswer, type ApiRequest, getRequest, jsonRequest } from './apiCall.ts'
import { notUnderstood, requiredNumber, succeeded } from './judge.ts'
import { newsOf } from './news.ts'

/** POST draft/add; judged by `addedArticles`. */
export function addDraftRequest(articles: Article[]): ApiRequest {
  return jsonRequest('draft/add', { articles })
}

/** POST draft/get. */
export function getDraftRequest(mediaId: string): ApiRequest {
  return jsonRequest('draft/get', { media_id: mediaId })
}

/** The articles of a draft. */
export function getDraftAnswer(answer: ApiAnswer): NewsMaterial {
  const value = succeeded('draft/get', answer)
  if (!Array.isArray(value['news_item'])) throw notUnderstood('draft/get', answer)
  return newsOf(value)
}

/** POST draft/update: one article object, `index` from 0. */
export function updateDraftRequest(mediaId: string, index: number, article: Article): ApiRequest {
  return jsonRequest('draft/update', { media_id: mediaId, index, articles: article })
}

/** POST draft/delete. */
export function removeDraftRequest(mediaId: string): ApiRequest {
  return jsonRequest('draft/delete', { media_id: mediaId })
}

/** Nothing, or an error. */
export function draftDoneAnswer(endpoint: 'draft/update' | 'draft/delete', answer: ApiAnswer): void {
  succeeded(endpoint, answer)
}

/** GET draft/count. */
export function countDraftsRequest(): ApiRequest {
  return getRequest('draft/count')
}

/** How many drafts there are. */
export function countDraftsAnswer(answer: ApiAnswer): number {
  return requiredNumber('draft/count', answer, succeeded('draft/count', answer)['total_count'])
}

/** POST draft/batchget with contents; judged by `newsListAnswer`. */
export function listDraftsRequest(offset: number, count: number): ApiRequest {
  return jsonRequest('draft/batchget', { offset, count, no_content: 0 })
}
