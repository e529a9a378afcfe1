/** What WeChat would refuse or drop of an article, said before it is asked (wechat-api.md §4.1, §9). */
import { AppError } from '../../core/errors.ts'
import type { Article } from '../../ports/wechat.ts'
import { type Limit, type LimitSet, limitsFor, measure } from '../../wechat/limits.ts'
import { externalImages } from './externalImages.ts'

const SHOWN_SOURCE_CHARS = 200

/** What articles are checked against. */
export interface ArticleRules {
  limits: LimitSet
  /** Whether WeChat leaves an image with this source in an article. */
  keepsImage: (source: string) => boolean
  /** Where the request has the article of this index: `title` is then at `<path>title`. */
  path: (index: number) => string
}

/**
 * Throws `AppError('INVALID_REQUEST')` that names every field over its limit. Answers warnings: values over a limit that
 * only some of WeChat's pages name, and every image that WeChat would drop without a word.
 */
export function checkArticles(articles: readonly Article[], rules: ArticleRules): string[] {
  const measured = articles.flatMap((article, index) =>
    measurements(article, rules.limits).map(measurement => ({
      ...measurement,
      field: `${rules.path(index)}${measurement.field}`,
      verdict: measure(measurement.limit, measurement.value),
    })),
  )
  const issues = measured
    .filter(({ verdict }) => verdict === 'over')
    .map(({ field, unit, value, limit }) => ({
      in: 'body',
      field,
      problem: `has ${value} ${unit}, ${limit.max} are allowed`,
    }))
  const [first] = issues
  if (first) {
    throw new AppError('INVALID_REQUEST', `The body is not valid: ${first.field}: ${first.problem}.`, { issues })
  }
  const lengths = measured
    .filter(({ verdict }) => verdict === 'warn')
    .map(
      ({ field, unit, limit }) =>
        `Some of WeChat's pages allow ${field} only ${limit.warnAbove} ${unit}; it may be refused.`,
    )
  return [...lengths, ...imageWarnings(articles, rules)]
}

interface Measurement {
  field: keyof Article
  value: number
  unit: 'characters' | 'bytes'
  limit: Limit
}

/** WeChat counts characters: code points, so that an emoji is one; of the content the stricter UTF-16 units. */
function measurements(article: Article, set: LimitSet): Measurement[] {
  const limits = limitsFor(set).article
  const { title, author = '', digest = '', content, content_source_url: sourceUrl = '' } = article
  const bytes = Buffer.byteLength(content)
  return [
    { field: 'title', value: [...title].length, unit: 'characters', limit: limits.title },
    { field: 'author', value: [...author].length, unit: 'characters', limit: limits.author },
    { field: 'digest', value: [...digest].length, unit: 'characters', limit: limits.digest },
    { field: 'content', value: content.length, unit: 'characters', limit: limits.contentChars },
    { field: 'content', value: bytes, unit: 'bytes', limit: limits.contentBytes },
    {
      field: 'content_source_url',
      value: Buffer.byteLength(sourceUrl),
      unit: 'bytes',
      limit: limits.contentSourceUrlBytes,
    },
  ]
}

function imageWarnings(articles: readonly Article[], { keepsImage, path }: ArticleRules): string[] {
  return articles.flatMap(({ content }, index) =>
    externalImages(content, keepsImage).map(source => {
      const named = source === '' ? 'without a source' : shortened(source)
      return `${path(index)}content: WeChat drops the image ${named}; upload it with POST /wechat/material/article/image.`
    }),
  )
}

const shortened = (source: string): string =>
  source.length > SHOWN_SOURCE_CHARS ? `${source.slice(0, SHOWN_SOURCE_CHARS)}…` : source
