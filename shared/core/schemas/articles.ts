/** Shapes of articles (service-api.md §2, operations 2 and 6; seed004). */
import * as z from 'zod'

const MiB = 1024 * 1024
/** The largest body of an operation about articles (service-api.md §1). */
export const MAX_ARTICLE_BODY_BYTES = 4 * MiB
/** seed004 shows one; WeChat takes so many in one draft. */
const MAX_ARTICLES = 8

/** seed004: "boolean/int". */
const Switch = z
  .union([z.boolean(), z.literal(0), z.literal(1)], { error: 'must be true, false, 0 or 1' })
  .transform((on): 0 | 1 => (on ? 1 : 0))

/** One article: seed004's fields; how long each may be is WeChat's matter, see `checkArticles`. */
export const ArticleInput = z.object({
  title: z.string().min(1),
  thumb_media_id: z.string().min(1).max(128).describe('a permanent image or thumb of the same account'),
  content: z.string().min(1).describe('HTML; images only from POST /wechat/material/article/image'),
  author: z.string().default(''),
  digest: z.string().default('').describe('of a single article; WeChat takes the beginning of the text when empty'),
  content_source_url: z.string().default(''),
  show_cover_pic: Switch.default(0),
  need_open_comment: Switch.default(0),
  only_fans_can_comment: Switch.default(0),
})

/** The articles of a request: seed004's fields for a single one, or `articles`. */
export const CreateArticleBody = ArticleInput.partial()
  .extend({
    articles: z.array(ArticleInput).min(1).max(MAX_ARTICLES).optional().describe('in the place of the fields of one'),
  })
  .transform(({ articles, ...fields }, context): z.infer<typeof ArticleInput>[] => {
    const single = ArticleInput.safeParse(fields)
    if (!articles) {
      if (single.success) return [single.data]
      for (const { path, message } of single.error.issues) context.addIssue({ code: 'custom', path, message })
      return z.NEVER
    }
    if (fields.title === undefined && fields.content === undefined && fields.thumb_media_id === undefined)
      return articles
    context.addIssue({ code: 'custom', path: ['articles'], message: 'is given beside the fields of a single article' })
    return z.NEVER
  })

/** The same for the contract: a union, whose refusals would name no field. */
export const CREATE_ARTICLE_BODIES = {
  'application/json': z.union([ArticleInput, z.object({ articles: z.array(ArticleInput).min(1).max(MAX_ARTICLES) })]),
}

/** The new article and its place; seed004 calls `article` an array, its example needs one. */
export const UpdateArticleBody = z.object({
  article: z.union([ArticleInput, z.tuple([ArticleInput]).transform(([only]) => only)]),
  index: z
    .int()
    .min(0)
    .max(MAX_ARTICLES - 1)
    .default(0),
})

/** seed004 §2. */
export const ArticleAnswer = z.object({
  data: z.object({
    type: z.literal('news'),
    app_id: z.string(),
    media_id: z.string(),
    warnings: z.array(z.string()).optional(),
  }),
})

/** seed004 §6 and §9; its table says `message`, its example `messages`. */
export const DoneAnswer = z.object({
  data: z.object({
    message: z.literal('ok'),
    messages: z.literal('ok'),
    status_code: z.literal(200),
    warnings: z.array(z.string()).optional(),
  }),
})

/** The answer of an operation that has nothing else to say. */
export const DONE = { message: 'ok', messages: 'ok', status_code: 200 } as const

/** seed004 has no operation for it: an image for the inside of articles (service-api.md §5). */
export const ArticleImageAnswer = z.object({
  data: z.object({ url: z.string(), warnings: z.array(z.string()).optional() }),
})

/** seed004 §5 and §7; fields that WeChat adds are kept. */
export const NewsItemView = z.looseObject({
  title: z.string(),
  thumb_media_id: z.string(),
  show_cover_pic: z.number(),
  author: z.string(),
  digest: z.string(),
  content: z.string(),
  url: z.string(),
  content_source_url: z.string(),
})
