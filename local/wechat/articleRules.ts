/** What an article must be, and what becomes of it (wechat-api.md §4.1, §9). */
import * as z from 'zod'
import { cleanContent, textOf } from './articleContent.ts'
import type { Call } from './endpoint.ts'
import { fields } from './jsonBody.ts'
import type { Article } from './mutation.ts'
import { Refusal } from './refusal.ts'
import type { AccountSettings } from './simulatedAccount.ts'

const MAX_SOURCE_URL_BYTES = 1024
const MAX_PICTURES = 20
const AUTO_DIGEST_CHARACTERS = { drafts: 54, news: 64 }
const CROP = /^(0|1|0?\.\d{1,6}|[01]\.\d{1,6})(_(0|1|0?\.\d{1,6}|[01]\.\d{1,6})){3}$/

const Flag = z.union([z.literal(0), z.literal(1)]).default(0)

const ArticleInput = z.object({
  article_type: z.enum(['news', 'newspic']).default('news'),
  title: z.string().min(1),
  author: z.string().default(''),
  digest: z.string().default(''),
  content: z.string().default(''),
  content_source_url: z.string().default(''),
  thumb_media_id: z.string().default(''),
  show_cover_pic: z.number().default(0),
  need_open_comment: Flag,
  only_fans_can_comment: Flag,
  pic_crop_235_1: z.string().default(''),
  pic_crop_1_1: z.string().default(''),
  image_info: z.object({ image_list: z.array(z.object({ image_media_id: z.string() })) }).optional(),
})

type ArticleInput = z.infer<typeof ArticleInput>

/** Where articles are kept: as drafts, or as legacy news. */
export type Shelf = 'drafts' | 'news'

/** The articles of an add call as they are kept; throws `Refusal` with the index of the one at fault. */
export function readArticles(call: Call, input: unknown, shelf: Shelf): Article[] {
  if (!Array.isArray(input) || input.length === 0) throw new Refusal(44003)
  const inputs: unknown[] = input
  if (inputs.length > call.account.settings.limits.articles) throw new Refusal(45008)
  return inputs.map((article, index) => readArticle(call, article, { shelf, index, single: inputs.length === 1 }))
}

/** One article as it is kept; only a single one gets its digest from its text. */
export function readArticle(
  call: Call,
  input: unknown,
  { shelf, index, single }: { shelf: Shelf; index: number; single: boolean },
): Article {
  try {
    const article = fields(ArticleInput, input)
    checkSizes(call.account.settings, article)
    checkSourceUrl(article.content_source_url)
    if (!isCrop(article.pic_crop_235_1) || !isCrop(article.pic_crop_1_1)) throw new Refusal(53402)
    if (article.need_open_comment === 1 && !call.account.settings.commentPrivilege) throw new Refusal(88000)
    const content = cleanContent(call, article.content)
    const pictures = checkPictures(call, article)
    const { image_info: _, pic_crop_1_1: __, pic_crop_235_1: ___, ...kept } = article
    const digest =
      article.digest === '' && single
        ? [...textOf(content)].slice(0, AUTO_DIGEST_CHARACTERS[shelf]).join('')
        : article.digest
    return { ...kept, content, digest, image_media_ids: pictures }
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(error.errcode, { index }) : error
  }
}

function checkSizes({ limits }: AccountSettings, article: ArticleInput): void {
  // "字" counts characters (§9): code points, so that an emoji is one.
  const length = (text: string) => [...text].length
  if (length(article.title) > limits.title) throw new Refusal(45003)
  if (length(article.author) > limits.author) throw new Refusal(45110)
  if (length(article.digest) > limits.digest) throw new Refusal(45004)
  if (article.content === '') throw new Refusal(44004)
  const tooLong = article.content.length >= limits.contentCharacters
  if (tooLong || Buffer.byteLength(article.content) >= limits.contentBytes) throw new Refusal(45002)
}

function checkSourceUrl(url: string): void {
  if (url === '') return
  if (Buffer.byteLength(url) > MAX_SOURCE_URL_BYTES) throw new Refusal(45005)
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new Refusal(41039)
}

const isCrop = (crop: string): boolean => crop === '' || CROP.test(crop)

/** The pictures of a newspic; for news, the cover must be permanent (40007). */
function checkPictures(call: Call, article: ArticleInput): string[] {
  if (article.article_type === 'news') {
    requirePicture(call, article.thumb_media_id)
    return []
  }
  const ids = article.image_info?.image_list.map(image => image.image_media_id) ?? []
  if (ids.length === 0 || ids.length > MAX_PICTURES) throw new Refusal(40097)
  for (const id of ids) requirePicture(call, id)
  return ids
}

function requirePicture({ simulator, account }: Call, mediaId: string): void {
  const material = account.materials.get(mediaId)
  if (!material || (material.type !== 'image' && material.type !== 'thumb')) throw new Refusal(40007)
  // A fresh id may not have reached the draft box yet (part (b), 36).
  if (simulator.now() < material.createdAt + account.settings.replicationDelayMs) throw new Refusal(40007)
}
