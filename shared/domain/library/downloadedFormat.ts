/** What a file that WeChat gives back really is: its headers are not to be trusted (wechat-api.md §2.2). */
import { extensionOf, type FileFormat, fileFormat } from '../../core/fileKind.ts'
import type { BinaryMedia, MediaType } from '../../ports/wechat.ts'

/** How a file is kept and answered. */
export interface DownloadedFormat {
  extension: string
  /** Of our own table, so that nobody's bytes are ever served as a page. */
  contentType: string
}

const CONTENT_TYPES: Record<FileFormat, string> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  bmp: 'image/bmp',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  wma: 'audio/x-ms-wma',
  amr: 'audio/amr',
  mp4: 'video/mp4',
}
/** Voices of fans, which nobody can upload: SILK calls itself amr, an Ogg holds speex. */
const VOICES: [magic: string, DownloadedFormat][] = [
  ['#!SILK', { extension: 'silk', contentType: 'audio/silk' }],
  ['\x02#!SILK', { extension: 'silk', contentType: 'audio/silk' }],
  ['OggS', { extension: 'ogg', contentType: 'audio/ogg' }],
]
/** Bare speex frames begin like nothing else: only a name or a header tells. */
const SPEEX: DownloadedFormat = { extension: 'speex', contentType: 'audio/speex' }
const UNKNOWN: DownloadedFormat = { extension: 'bin', contentType: 'application/octet-stream' }
/** Every extension that a kept file can have. */
export const KEPT_EXTENSIONS: readonly string[] = [
  ...Object.keys(CONTENT_TYPES),
  ...new Set(VOICES.map(([, { extension }]) => extension)),
  SPEEX.extension,
  UNKNOWN.extension,
]

const TEXT_START = /^[\s\xef\xbb\xbf]*[{[<]/

/** By the first bytes, else by name or header for speex, else `bin`; `undefined` for JSON or a page. */
export function downloadedFormat(
  head: Uint8Array,
  { filename = '', contentType }: Pick<BinaryMedia, 'filename' | 'contentType'>,
): DownloadedFormat | undefined {
  const known = fileFormat(head)
  if (known) return { extension: known, contentType: CONTENT_TYPES[known] }
  const start = Buffer.from(head).toString('latin1')
  const voice = VOICES.find(([magic]) => start.startsWith(magic))?.[1]
  if (voice) return voice
  if (start === '' || TEXT_START.test(start)) return undefined
  return extensionOf(filename) === 'speex' || /\bspeex\b/i.test(contentType) ? SPEEX : UNKNOWN
}

/** WeChat's type of a file, by its content type; `undefined` for one that is none. */
export function mediaTypeOf(contentType: string): MediaType | undefined {
  if (contentType.startsWith('image/')) return 'image'
  if (contentType.startsWith('audio/')) return 'voice'
  return contentType.startsWith('video/') ? 'video' : undefined
}
