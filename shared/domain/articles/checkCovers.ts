/** Says before WeChat is asked that a cover is temporary media, which no article can have. */
import { AppError } from '../../core/errors.ts'
import type { Table } from '../../ports/table.ts'
import type { Article } from '../../ports/wechat.ts'
import { findTemporary, type TemporaryData } from '../temporary/temporaryRow.ts'

/** Whose articles, and where the request has the one of this index: its cover is at `<path>thumb_media_id`. */
export interface Covers {
  appId: string
  path: (index: number) => string
  signal: AbortSignal
}

/** Throws `AppError('INVALID_REQUEST')` that names every such cover. An id that nobody saw is WeChat's to judge. */
export async function checkCovers(table: Table, articles: readonly Article[], covers: Covers): Promise<void> {
  const { appId, path, signal } = covers
  const ids = [...new Set(articles.map(article => article.thumb_media_id))]
  const rows = await Promise.all(ids.map(mediaId => findTemporary(table, { appId, mediaId }, signal)))
  const temporary = new Set(ids.filter((_, index) => isSurelyTemporary(rows[index]?.data)))
  const issues = articles.flatMap(({ thumb_media_id: id }, index) => {
    if (!temporary.has(id)) return []
    return [{ in: 'body', field: `${path(index)}thumb_media_id`, problem: 'is of temporary media' }]
  })
  const [first] = issues
  if (first) {
    const message = `The body is not valid: ${first.field}: ${first.problem}; upload a permanent image or thumb.`
    throw new AppError('INVALID_REQUEST', message, { issues })
  }
}

/** A caller may have named any id to be tracked; a copy of it proves that it was one. */
const isSurelyTemporary = (data: TemporaryData | undefined): boolean =>
  data !== undefined && (data.source !== 'tracked' || data.file !== undefined)
