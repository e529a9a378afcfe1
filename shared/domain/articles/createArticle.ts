/** Puts new articles into the draft box, or, where the account is set so, into the library. */
import type { Account } from '../../core/account.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { Article } from '../../ports/wechat.ts'
import { type MaterialData, materialRows } from '../library/libraryRows.ts'
import { checkArticles } from './checkArticles.ts'
import { checkCovers } from './checkCovers.ts'

/** What is to be created, by whom. */
export interface NewArticles {
  account: Account
  articles: Article[]
  signal: AbortSignal
}

/** Throws what `checkArticles`, `checkCovers` and the `WeChat` port throw. */
export async function createArticle(
  ports: PortsOf<'table' | 'wechat'>,
  { account, articles, signal }: NewArticles,
): Promise<{ media_id: string; warnings: string[] }> {
  const { wechat, clock } = ports
  const appId = account.app_id
  const path = (index: number) => (articles.length > 1 ? `articles.${index}.` : '')
  const { keepsImage } = wechat.media(appId)
  const warnings = checkArticles(articles, { limits: account.limits, keepsImage, path })
  await checkCovers(ports.table, articles, { appId, path, signal })
  const drafts = account.articles === 'draft'
  const { media_id } = drafts
    ? await wechat.draft(appId).add(articles, signal)
    : await wechat.material(appId).addNews(articles, signal)
  const kind = drafts ? 'draft' : 'material'
  await remember(ports, { app_id: appId, media_id, kind, type: 'news', created_at: clock.now() })
  return { media_id, warnings }
}

/** WeChat has the articles: an answer without them would make the caller send them again. */
async function remember({ table, log }: PortsOf<'table'>, data: MaterialData): Promise<void> {
  try {
    await table.put(materialRows.draft(data), 0)
  } catch (error) {
    log.error('what a new media_id is could not be recorded', { media_id: data.media_id, error })
  }
}
