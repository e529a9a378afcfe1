/** WeChat's limits as data, each with where it stands and when that was written. Where sources differ, sets can be chosen. */
import type { MediaType } from '../ports/wechat.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DAY_SECONDS = 86_400

/** One limit. Over `max` is refused; over `warnAbove`, the smaller value of another source, is only warned about. */
export interface Limit {
  max: number
  warnAbove?: number
  /** A seed file or a section of wechat-api.md. */
  source: string
  /** When that source was written: a year, or year and month. */
  date: string
}

/** What a file of one media type may be. */
export interface FileLimits {
  bytes: Limit
  /** Playing time; absent where WeChat sets none. */
  seconds?: Limit
  /** Allowed extensions, lower case, each with its content types; the first one is what we send. */
  formats: Readonly<Record<string, readonly string[]>>
}

/** A whole set of limits. */
export interface Limits {
  temporary: Readonly<Record<MediaType, FileLimits>>
  permanent: Readonly<Record<MediaType, FileLimits>>
  /** media/uploadimg */
  articleImage: FileLimits
  /** How many permanent items the library holds; images, thumbs and articles share one count. */
  library: Readonly<Record<'imageAndNews' | 'voice' | 'video', Limit>>
  /** Characters, unless the name says bytes. */
  article: Readonly<
    Record<
      | 'count'
      | 'title'
      | 'author'
      | 'digest'
      | 'contentChars'
      | 'contentBytes'
      | 'contentSourceUrlBytes'
      | 'autoDigest',
      Limit
    >
  >
  /** Calls per day and account. */
  dailyCalls: Readonly<Record<string, Limit>>
  /** Seconds until a temporary media_id dies. */
  temporaryLife: Limit
  /** Seconds a token lives at most, and for how long the old one works beside a new one. */
  tokenLife: Limit
  tokenOverlap: Limit
  /** Items a list call gives at most. */
  page: Limit
}

/** The names of the sets: `2015` is seed002, `2017` is seed000. */
export type LimitSet = 'current' | '2017' | '2015'

/** The limits of a set; `current` unless an account is configured otherwise. */
export function limitsFor(set: LimitSet = 'current'): Limits {
  return SETS[set]
}

/** How a measured value stands to its limit. */
export function measure(limit: Limit, value: number): 'ok' | 'warn' | 'over' {
  if (value > limit.max) return 'over'
  return limit.warnAbove !== undefined && value > limit.warnAbove ? 'warn' : 'ok'
}

const limit = (max: number, source: string, date: string, warnAbove?: number): Limit =>
  warnAbove === undefined ? { max, source, date } : { max, warnAbove, source, date }
const in2015 = (max: number): Limit => limit(max, 'seed002', '2015')
const in2017 = (max: number): Limit => limit(max, 'seed000', '2017')
const today = (max: number): Limit => limit(max, 'seed001', '2026')

const JPG = { jpg: ['image/jpeg', 'image/jpg', 'image/pjpeg'], jpeg: ['image/jpeg', 'image/jpg', 'image/pjpeg'] }
const PNG = { png: ['image/png', 'image/x-png'] }
const GIF = { gif: ['image/gif'] }
const BMP = { bmp: ['image/bmp', 'image/x-ms-bmp', 'image/x-bmp'] }
const AMR = { amr: ['audio/amr', 'audio/x-amr', 'audio/amr-wb'] }
const MP3 = { mp3: ['audio/mpeg', 'audio/mp3', 'audio/x-mp3', 'audio/mpeg3'] }
const WMA = { wma: ['audio/x-ms-wma', 'audio/wma'] }
const WAV = { wav: ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'] }
const MP4 = { mp4: ['video/mp4'] }

const ALL_IMAGES = { ...JPG, ...PNG, ...GIF, ...BMP }
const ALL_VOICES = { ...AMR, ...MP3, ...WMA, ...WAV }

const PERMANENT_TODAY: Limits['permanent'] = {
  image: { bytes: today(10 * MIB), formats: ALL_IMAGES },
  voice: { bytes: today(2 * MIB), seconds: today(60), formats: ALL_VOICES },
  video: { bytes: today(10 * MIB), formats: MP4 },
  thumb: { bytes: today(64 * KIB), formats: JPG },
}

const TEMPORARY_2015: Limits['temporary'] = {
  image: { bytes: in2015(1 * MIB), formats: JPG },
  voice: { bytes: in2015(2 * MIB), seconds: in2015(60), formats: { ...AMR, ...MP3 } },
  video: { bytes: in2015(10 * MIB), formats: MP4 },
  thumb: { bytes: in2015(64 * KIB), formats: JPG },
}

const FILES_2017: Limits['permanent'] = {
  image: { bytes: in2017(2 * MIB), formats: ALL_IMAGES },
  voice: { bytes: in2017(2 * MIB), seconds: in2017(60), formats: ALL_VOICES },
  video: { bytes: in2017(10 * MIB), formats: MP4 },
  thumb: { bytes: in2017(64 * KIB), formats: JPG },
}

const OTHERS = 'wechat-api.md §5'
const MIRROR = 'wechat-api.md §4.1'
const TOKENS = 'wechat-api.md §1'
const MEDIA = 'wechat-api.md §2.1'

const CURRENT: Limits = {
  temporary: {
    image: { bytes: limit(10 * MIB, MEDIA, '2025-12', 2 * MIB), formats: { ...JPG, ...PNG, ...GIF } },
    voice: {
      bytes: limit(2 * MIB, MEDIA, '2025-12'),
      seconds: limit(60, MEDIA, '2025-12'),
      formats: { ...AMR, ...MP3 },
    },
    video: { bytes: limit(10 * MIB, MEDIA, '2025-12'), formats: MP4 },
    thumb: { bytes: limit(64 * KIB, MEDIA, '2025-12'), formats: JPG },
  },
  permanent: PERMANENT_TODAY,
  // "Under 1 MB": a file of exactly 1 MiB is already too large.
  articleImage: { bytes: today(1 * MIB - 1), formats: { ...JPG, ...PNG } },
  library: { imageAndNews: today(100_000), voice: today(1_000), video: today(1_000) },
  article: {
    count: limit(8, MIRROR, '2025-12'),
    title: limit(64, MIRROR, '2025-12', 32),
    author: limit(16, MIRROR, '2025-12'),
    digest: limit(128, MIRROR, '2025-12', 120),
    contentChars: limit(19_999, MIRROR, '2025-12'),
    contentBytes: limit(1 * MIB - 1, MIRROR, '2025-12'),
    contentSourceUrlBytes: limit(1 * KIB, MIRROR, '2025-12'),
    autoDigest: limit(54, MIRROR, '2025-12'),
  },
  dailyCalls: {
    token: limit(2_000, OTHERS, '2025-12'),
    stable_token: limit(500_000, OTHERS, '2025-12'),
    'stable_token force_refresh': limit(20, OTHERS, '2025-12'),
    'media/upload': limit(100_000, OTHERS, '2025-12'),
    'media/get': limit(200_000, OTHERS, '2025-12'),
    'media/uploadimg': limit(1_000, OTHERS, '2025-12'),
    'material/get_material': limit(500, OTHERS, '2025-12'),
    'draft/add': limit(1_000, OTHERS, '2025-12'),
    'draft/get': limit(500, OTHERS, '2025-12'),
    'draft/update': limit(1_000, OTHERS, '2025-12'),
    'draft/delete': limit(1_000, OTHERS, '2025-12'),
    'draft/count': limit(1_000, OTHERS, '2025-12'),
    'draft/batchget': limit(1_000, OTHERS, '2025-12'),
  },
  temporaryLife: in2015(3 * DAY_SECONDS),
  tokenLife: limit(7_200, TOKENS, '2025-12'),
  tokenOverlap: limit(300, TOKENS, '2025-12'),
  page: in2015(20),
}

const SETS: Readonly<Record<LimitSet, Limits>> = {
  current: CURRENT,
  2017: {
    ...CURRENT,
    temporary: FILES_2017,
    permanent: FILES_2017,
    articleImage: { bytes: in2017(1 * MIB - 1), formats: { ...JPG, ...PNG } },
    library: { imageAndNews: in2017(5_000), voice: in2017(1_000), video: in2017(1_000) },
    dailyCalls: { ...CURRENT.dailyCalls, 'media/upload': limit(5_000, OTHERS, '2017') },
  },
  2015: {
    ...CURRENT,
    temporary: TEMPORARY_2015,
    // seed002 names no sizes for permanent files.
    permanent: FILES_2017,
    library: { imageAndNews: in2015(5_000), voice: in2015(1_000), video: in2015(1_000) },
    article: { ...CURRENT.article, contentChars: in2015(19_999), contentBytes: in2015(1 * MIB - 1) },
    dailyCalls: {
      ...CURRENT.dailyCalls,
      'media/upload': limit(5_000, OTHERS, '2015'),
      'media/get': limit(10_000, OTHERS, '2015'),
    },
  },
}
