/** Replaces one article of a draft or of news material. */
import type { Account } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Article, NewsItem, WeChat } from '../../ports/wechat.ts'
import { materialRows } from '../library/libraryRows.ts'
import type { Kind } from '../library/resolveKind.ts'
import { articlesTag } from './articlesTag.ts'
import { checkArticles } from './checkArticles.ts'
import { checkCovers } from './checkCovers.ts'

/** What is to be changed into what. */
export interface ArticleChange {
  account: Account
  mediaId: string
  /** From 0. */
  index: number
  article: Article
  /** Entity tags that the articles must have, if any. */
  ifMatch: readonly string[] | undefined
  signal: AbortSignal
}

/**
 * Answers warnings. With `ifMatch` the articles are read first: other ones than the caller saw are
 * `PRECONDITION_FAILED`, an index without an article is `INVALID_REQUEST`. WeChat itself compares nothing, so that a
 * change between that reading and the writing goes unnoticed.
 */
export async function updateArticle(ports: PortsOf<'table' | 'wechat'>, change: ArticleChange): Promise<string[]> {
  const { table, wechat } = ports
  const { account, mediaId, index, article, ifMatch, signal } = change
  const appId = account.app_id
  const path = () => 'article.'
  const { keepsImage } = wechat.media(appId)
  const warnings = checkArticles([article], { limits: account.limits, keepsImage, path })
  await checkCovers(table, [article], { appId, path, signal })
  const row = await materialRows.read(table, { appId, mediaId }, signal)
  const kind = row?.data.kind ?? (account.articles === 'draft' ? 'draft' : 'material')
  if (ifMatch) checkCondition(await readArticles(wechat, change, kind), index, ifMatch)
  if (kind === 'draft') await wechat.draft(appId).update(mediaId, index, article, signal)
  else await wechat.material(appId).updateNews(mediaId, index, article, signal)
  return warnings
}

async function readArticles(
  wechat: WeChat,
  { account, mediaId, signal }: ArticleChange,
  kind: Kind,
): Promise<NewsItem[]> {
  const found =
    kind === 'draft'
      ? await wechat.draft(account.app_id).get(mediaId, signal)
      : await wechat.material(account.app_id).get(mediaId, signal)
  if (found.kind === 'news') return found.news_item
  if (found.kind === 'binary') found.body.destroy()
  throw new AppError('MEDIA_NOT_FOUND', 'The media_id is of a file, not of an article.', { media_id: mediaId })
}

function checkCondition(articles: NewsItem[], index: number, ifMatch: readonly string[]): void {
  const etag = articlesTag(articles)
  if (!ifMatch.includes('*') && !ifMatch.includes(etag)) {
    throw new AppError('PRECONDITION_FAILED', 'The articles have changed since you read them.', { etag })
  }
  if (index >= articles.length) {
    const problem = `is ${index}, the articles go from 0 to ${articles.length - 1}`
    throw new AppError('INVALID_REQUEST', `The body is not valid: index: ${problem}.`, {
      issues: [{ in: 'body', field: 'index', problem }],
    })
  }
}
