/**
 * Tells a file's format from its first bytes. A closed list of WeChat's formats (wechat-api.md §3): a general
 * detection library knows hundreds more, one of which once looped forever on 55 bytes (CVE-2026-31808).
 */

/** Bytes that are enough to tell every format of the list. */
export const SNIFF_BYTES = 64

/** A format that WeChat takes for some type of media. */
export type FileFormat = 'jpg' | 'png' | 'gif' | 'bmp' | 'mp3' | 'wav' | 'wma' | 'amr' | 'mp4'

const LAYER_III = 1

interface Signature {
  format: FileFormat
  matches: (head: Uint8Array) => boolean
}

const text = (head: Uint8Array, start: number, expected: string): boolean =>
  Buffer.from(head.subarray(start, start + expected.length)).toString('latin1') === expected

const bytes = (head: Uint8Array, expected: number[]): boolean => expected.every((byte, index) => head[index] === byte)

/** An MPEG audio frame of layer III: 11 sync bits, then a version and bit rate that are not reserved. */
const mpegFrame = (head: Uint8Array): boolean => {
  const [first = 0, second = 0, third = 0] = head
  const layer = (second >> 1) & 3
  return (
    first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x18) !== 0x08 && layer === LAYER_III && third >> 4 !== 15
  )
}

const SIGNATURES: Signature[] = [
  { format: 'jpg', matches: head => bytes(head, [0xff, 0xd8, 0xff]) },
  { format: 'png', matches: head => bytes(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) },
  { format: 'gif', matches: head => text(head, 0, 'GIF87a') || text(head, 0, 'GIF89a') },
  { format: 'bmp', matches: head => text(head, 0, 'BM') && head.length >= 14 && bytes(head.subarray(6), [0, 0, 0, 0]) },
  { format: 'amr', matches: head => text(head, 0, '#!AMR\n') || text(head, 0, '#!AMR-WB\n') },
  { format: 'wav', matches: head => text(head, 0, 'RIFF') && text(head, 8, 'WAVE') },
  { format: 'wma', matches: head => bytes(head, [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]) },
  { format: 'mp4', matches: head => text(head, 4, 'ftyp') },
  { format: 'mp3', matches: head => text(head, 0, 'ID3') || mpegFrame(head) },
]

/** The format of a file that begins with `head`, `undefined` when it is none of ours. */
export function fileFormat(head: Uint8Array): FileFormat | undefined {
  return SIGNATURES.find(signature => signature.matches(head))?.format
}

/** The extension of a file name, lower case, without the dot; "" when it has none. */
export const extensionOf = (filename: string): string => /\.([^./\\]+)$/.exec(filename)?.[1]?.toLowerCase() ?? ''

/** The format that a file name's extension promises, `undefined` for one that is none of ours. */
export function formatOfName(filename: string): FileFormat | undefined {
  const extension = extensionOf(filename)
  const name = extension === 'jpeg' ? 'jpg' : extension
  return SIGNATURES.find(({ format }) => format === name)?.format
}
