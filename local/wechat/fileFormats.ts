/** The file formats WeChat knows: by extension, by first bytes, by type of media. */
import type { FileType } from './mutation.ts'

/** Where a file is sent to; each takes other formats. */
export type Destination = 'temporary' | 'permanent' | 'uploadimg'

const FORMAT_OF_EXTENSION: Record<string, string> = {
  jpg: 'jpg',
  jpeg: 'jpg',
  png: 'png',
  gif: 'gif',
  bmp: 'bmp',
  mp3: 'mp3',
  wma: 'wma',
  wav: 'wav',
  amr: 'amr',
  mp4: 'mp4',
}

const CONTENT_TYPES: Record<string, string> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  bmp: 'image/bmp',
  mp3: 'audio/mpeg',
  wma: 'audio/x-ms-wma',
  wav: 'audio/wav',
  amr: 'audio/amr',
  mp4: 'video/mp4',
  speex: 'voice/speex',
}

/** wechat-api.md §2.1 (the current page) and §3.1. */
const ACCEPTED: Record<'temporary' | 'permanent', Record<FileType, string[]>> = {
  temporary: { image: ['jpg', 'png', 'gif'], voice: ['amr', 'mp3'], video: ['mp4'], thumb: ['jpg'] },
  permanent: {
    image: ['jpg', 'png', 'gif', 'bmp'],
    voice: ['mp3', 'wma', 'wav', 'amr'],
    video: ['mp4'],
    thumb: ['jpg'],
  },
}

const SIGNATURES: [format: string, matches: (head: string) => boolean][] = [
  ['jpg', head => head.startsWith('\xff\xd8\xff')],
  ['png', head => head.startsWith('\x89PNG\r\n\x1a\n')],
  ['gif', head => /^GIF8[79]a/.test(head)],
  ['bmp', head => head.startsWith('BM')],
  ['amr', head => /^#!(AMR(-WB)?\n|SILK_V3)/.test(head)],
  ['wav', head => head.startsWith('RIFF') && head.startsWith('WAVE', 8)],
  ['wma', head => head.startsWith('\x30\x26\xb2\x75\x8e\x66\xcf\x11')],
  ['mp4', head => head.startsWith('ftyp', 4)],
  ['mp3', head => head.startsWith('ID3') || (head.startsWith('\xff') && (head.charCodeAt(1) & 0xe6) === 0xe2)],
]

/** The format a file name's extension stands for; `undefined` for a missing or unknown one. */
export function formatOfName(filename: string): string | undefined {
  const extension = /\.([A-Za-z0-9]+)$/.exec(filename)?.[1]?.toLowerCase()
  return extension === undefined ? undefined : FORMAT_OF_EXTENSION[extension]
}

/** The format the first bytes tell; `undefined` for anything else. */
export function formatOfBytes(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 16)
  return SIGNATURES.find(([, matches]) => matches(head))?.[0]
}

/** Whether a format may be sent there as that type. */
export function isAccepted(format: string, type: FileType, destination: Destination): boolean {
  return destination === 'uploadimg'
    ? format === 'jpg' || format === 'png'
    : ACCEPTED[destination][type].includes(format)
}

/** The Content-Type a format is served with. */
export const contentTypeOf = (format: string): string => CONTENT_TYPES[format] ?? 'application/octet-stream'
