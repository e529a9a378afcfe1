/** The entity tag of articles: by it `If-Match` tells whether somebody else changed them. */
import { createHash } from 'node:crypto'

const FIELDS = [
  'title',
  'author',
  'digest',
  'content',
  'content_source_url',
  'thumb_media_id',
  'show_cover_pic',
  'need_open_comment',
  'only_fans_can_comment',
] as const
const TAG_LENGTH = 32

/** Articles as WeChat gives them back. */
export type TaggedArticles = readonly Readonly<Partial<Record<(typeof FIELDS)[number], unknown>>>[]

/** 32 hex digits over everything that a change can touch; WeChat's addresses, which may differ each time, do not count. */
export function articlesTag(articles: TaggedArticles): string {
  const content = articles.map(article => FIELDS.map(name => article[name] ?? null))
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, TAG_LENGTH)
}
