import type { Readable } from 'node:stream'
import type { IssuedToken } from './credentials.ts'

/** Kinds of media files. `news` (articles) is a list type only. */
export type MediaType = 'image' | 'voice' | 'video' | 'thumb'

/** A file on its way to WeChat. */
export interface MediaFile {
  /** As WeChat's library will show it; any Unicode, the extension decides the type. */
  filename: string
  contentType: string
  /** bytes; the body must have exactly this length */
  size: number
  /** Lower-case hex SHA-256; when given, checked before the last byte leaves. */
  sha256?: string
  /** Opens the bytes from the start; called again when a try must be repeated. */
  open(signal?: AbortSignal): Promise<Readable>
}

/** What a permanent video carries beside its bytes. */
export interface VideoDescription {
  title: string
  introduction: string
}

/** The answer of media/upload; thumb's `thumb_media_id` is already renamed. */
export interface TemporaryMedia {
  type: MediaType
  media_id: string
  /** seconds since the epoch */
  created_at: number
}

/** The answer of material/add_material; `url` is "" where WeChat gives none. */
export interface PermanentMaterial {
  media_id: string
  url: string
}

/** A file that WeChat sends: iterate `body` to its end or `destroy()` it. */
export interface BinaryMedia {
  kind: 'binary'
  contentType: string
  /** bytes, when WeChat says */
  size: number | undefined
  /** From Content-disposition, when WeChat says. */
  filename: string | undefined
  body: Readable
}

/** A video: WeChat answers where to fetch it. */
export interface VideoMedia {
  kind: 'video'
  title: string
  description: string
  url: string
  /** Fetches it there, safely: 12 MB at most, from no address of our own network. */
  open(signal?: AbortSignal): Promise<BinaryMedia>
}

/** The counts of the permanent library. */
export interface MaterialCount {
  voice_count: number
  video_count: number
  image_count: number
  news_count: number
}

/** One file of a library list. */
export interface MaterialItem {
  media_id: string
  name: string
  /** seconds since the epoch */
  update_time: number
  url?: string
}

/** One page of a library list, newest first. */
export interface MaterialList {
  total_count: number
  item_count: number
  item: MaterialItem[]
}

/** An article on its way to WeChat; switches are 0 or 1 (wechat-api.md §4.1). */
export interface Article {
  title: string
  /** A permanent image or thumb of the same account. */
  thumb_media_id: string
  /** HTML; only images from `uploadImage` survive. */
  content: string
  author?: string
  digest?: string
  content_source_url?: string
  show_cover_pic?: 0 | 1
  need_open_comment?: 0 | 1
  only_fans_can_comment?: 0 | 1
}

/** An article as WeChat gives it back; further fields of WeChat's answer are kept beside these. */
export interface NewsItem {
  title: string
  thumb_media_id: string
  content: string
  author: string
  digest: string
  content_source_url: string
  url: string
  show_cover_pic: number
  thumb_url?: string
  need_open_comment?: number
  only_fans_can_comment?: number
}

/** The articles of one draft or one news material; times in seconds since the epoch, where WeChat says them. */
export interface NewsMaterial {
  kind: 'news'
  news_item: NewsItem[]
  create_time?: number
  update_time?: number
}

/** One entry of a list of drafts or news material. */
export interface NewsListItem {
  media_id: string
  content: { news_item: NewsItem[]; create_time?: number; update_time?: number }
  /** seconds since the epoch */
  update_time: number
}

/** One page of drafts or news material, newest first. */
export interface NewsList {
  total_count: number
  item_count: number
  item: NewsListItem[]
}

/** Temporary media of one account (wechat-api.md §2). */
export interface MediaApi {
  upload(type: MediaType, file: MediaFile, signal?: AbortSignal): Promise<TemporaryMedia>
  get(mediaId: string, signal?: AbortSignal): Promise<BinaryMedia | VideoMedia>
  /** A voice of the JS-SDK as 16 kHz speex (§2.3); every other media is `MEDIA_NOT_FOUND` there. */
  getVoice(mediaId: string, signal?: AbortSignal): Promise<BinaryMedia>
  /** An image for the inside of articles: a URL, no media_id, outside the library's limit. jpg or png under 1 MB. */
  uploadImage(file: MediaFile, signal?: AbortSignal): Promise<{ url: string }>
  /** Whether an image with this source stays in an article; WeChat drops all others without a word. */
  keepsImage(source: string): boolean
}

/** Permanent material of one account (wechat-api.md §3). */
export interface MaterialApi {
  add(
    type: MediaType,
    file: MediaFile,
    description: VideoDescription | undefined,
    signal?: AbortSignal,
  ): Promise<PermanentMaterial>
  count(signal?: AbortSignal): Promise<MaterialCount>
  /** One call: `count` is 1 to 20. */
  list(type: 'image' | 'voice' | 'video', offset: number, count: number, signal?: AbortSignal): Promise<MaterialList>
  get(mediaId: string, signal?: AbortSignal): Promise<BinaryMedia | VideoMedia | NewsMaterial>
  /** Throws `AppError('MEDIA_NOT_FOUND')` when WeChat does not know the id. */
  remove(mediaId: string, signal?: AbortSignal): Promise<void>
  /** One call: `count` is 1 to 20. */
  listNews(offset: number, count: number, signal?: AbortSignal): Promise<NewsList>
  /** The 2015 call, retired by WeChat (45103, 45106) for accounts with drafts. */
  addNews(articles: Article[], signal?: AbortSignal): Promise<{ media_id: string }>
  /** The 2015 call; `index` counts from 0. */
  updateNews(mediaId: string, index: number, article: Article, signal?: AbortSignal): Promise<void>
}

/** The draft box of one account (wechat-api.md §4). */
export interface DraftApi {
  add(articles: Article[], signal?: AbortSignal): Promise<{ media_id: string }>
  get(mediaId: string, signal?: AbortSignal): Promise<NewsMaterial>
  /** Replaces one article; `index` counts from 0. */
  update(mediaId: string, index: number, article: Article, signal?: AbortSignal): Promise<void>
  /** Irreversible. Throws `AppError('MEDIA_NOT_FOUND')` when WeChat does not know the id. */
  remove(mediaId: string, signal?: AbortSignal): Promise<void>
  count(signal?: AbortSignal): Promise<number>
  /** One call: `count` is 1 to 20. */
  list(offset: number, count: number, signal?: AbortSignal): Promise<NewsList>
}

/**
 * WeChat's server API. Every method throws `AppError`: with `wechat` details when WeChat refused (nothing
 * happened there), `WECHAT_UNREACHABLE` when nothing was sent, `WECHAT_UNCLEAR` when it may have happened.
 */
export interface WeChat {
  media(appId: string): MediaApi
  material(appId: string): MaterialApi
  draft(appId: string): DraftApi
}

/** The token endpoints, which take the AppSecret and no token (wechat-api.md §1). */
export interface TokenApi {
  /** A token and its remaining life in seconds. */
  stableToken(appId: string, secret: string, forceRefresh: boolean, signal?: AbortSignal): Promise<IssuedToken>
  /** The classic call: every answer is a new token and ends the previous one of this family after five minutes. */
  classicToken(appId: string, secret: string, signal?: AbortSignal): Promise<IssuedToken>
}
