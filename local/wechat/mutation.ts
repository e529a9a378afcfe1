/** Everything that can change the simulated platform; the journal is a list of these, and the state is their sum. */
import * as z from 'zod'
import { AccountSettings } from './simulatedAccount.ts'

/** The types of media files. */
export const FileType = z.enum(['image', 'voice', 'video', 'thumb'])

/** The types of media files. */
export type FileType = z.infer<typeof FileType>

/** Facts of stored bytes; they themselves lie in the body store under `sha256`. */
const StoredFile = z.object({
  filename: z.string(),
  /** Canonical extension: jpg png gif bmp mp3 wma wav amr mp4 speex. */
  format: z.string(),
  /** bytes */
  size: z.number(),
  sha256: z.string(),
  /** The unguessable part of the file's public URL. */
  urlKey: z.string(),
})

/** Facts of stored bytes. */
export type StoredFile = z.infer<typeof StoredFile>

/** One article as it is kept after the content rules (wechat-api.md §4.1, §9). */
export const Article = z.object({
  article_type: z.enum(['news', 'newspic']),
  title: z.string(),
  author: z.string(),
  digest: z.string(),
  content: z.string(),
  content_source_url: z.string(),
  thumb_media_id: z.string(),
  show_cover_pic: z.number(),
  need_open_comment: z.number(),
  only_fans_can_comment: z.number(),
  image_media_ids: z.array(z.string()),
})

/** One article as it is kept. */
export type Article = z.infer<typeof Article>

const ofAccount = { appId: z.string() }

/** One change, tagged by `event`. */
export const Mutation = z.discriminatedUnion('event', [
  z.object({ event: z.literal('account'), settings: AccountSettings }),
  z.object({ event: z.literal('advance'), ms: z.number() }),
  z.object({
    event: z.literal('token'),
    ...ofAccount,
    family: z.enum(['classic', 'stable']),
    value: z.string(),
    forced: z.boolean(),
  }),
  z.object({ event: z.literal('expire'), ...ofAccount, errcode: z.number() }),
  z.object({ event: z.literal('clear-quota'), ...ofAccount }),
  z.object({
    event: z.literal('media'),
    ...ofAccount,
    mediaId: z.string(),
    type: FileType,
    source: z.enum(['upload', 'fan', 'jssdk']),
    file: StoredFile,
  }),
  z.object({
    event: z.literal('material'),
    ...ofAccount,
    mediaId: z.string(),
    type: FileType,
    file: StoredFile,
    title: z.string(),
    introduction: z.string(),
  }),
  z.object({ event: z.literal('article-image'), ...ofAccount, file: StoredFile }),
  z.object({
    event: z.literal('articles'),
    ...ofAccount,
    shelf: z.enum(['drafts', 'news']),
    mediaId: z.string(),
    articles: z.array(Article),
  }),
  z.object({
    event: z.literal('article'),
    ...ofAccount,
    shelf: z.enum(['drafts', 'news']),
    mediaId: z.string(),
    index: z.number(),
    article: Article,
  }),
  z.object({
    event: z.literal('removed'),
    ...ofAccount,
    shelf: z.enum(['media', 'materials', 'drafts', 'news']),
    mediaId: z.string(),
    by: z.enum(['api', 'console']),
  }),
])

/** One change, tagged by `event`. */
export type Mutation = z.infer<typeof Mutation>

/** A change with its place in the order of all changes and the simulator's time (ms). */
export const JournalEntry = z.object({ seq: z.number(), time: z.number(), mutation: Mutation })

/** A change with its place and time. */
export type JournalEntry = z.infer<typeof JournalEntry>
