import type { Readable } from 'node:stream'

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

/** Temporary media of one account (wechat-api.md §2). */
export interface MediaApi {
  upload(type: MediaType, file: MediaFile, signal?: AbortSignal): Promise<TemporaryMedia>
  get(mediaId: string, signal?: AbortSignal): Promise<BinaryMedia | VideoMedia>
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
}

/**
 * WeChat's server API. Every method throws `AppError`: with `wechat` details when WeChat refused (nothing
 * happened there), `WECHAT_UNREACHABLE` when nothing was sent, `WECHAT_UNCLEAR` when it may have happened.
 */
export interface WeChat {
  media(appId: string): MediaApi
  material(appId: string): MaterialApi
}

/** The token endpoints, which take the AppSecret and no token (wechat-api.md §1). */
export interface TokenApi {
  /** A token and its remaining life in seconds. */
  stableToken(
    appId: string,
    secret: string,
    forceRefresh: boolean,
    signal?: AbortSignal,
  ): Promise<{ access_token: string; expires_in: number }>
}
