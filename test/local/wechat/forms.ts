/** Files and multipart bodies, well-formed and not. */
import type { Sent } from './wire.ts'

/** Bytes no text decoder leaves alone. */
const NOISE = Buffer.from([0x00, 0x80, 0xfe, 0xff, 0x0d, 0x0a, 0x2d, 0x2d, 0xc3, 0x28, 0x0a])

/** The first bytes of each format, followed by noise. */
export const FILES = {
  jpg: file([0xff, 0xd8, 0xff, 0xe0]),
  png: file([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  gif: file('GIF89a'),
  bmp: file('BM'),
  mp3: file('ID3'),
  wav: file('RIFF\x10\x00\x00\x00WAVE'),
  wma: file([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]),
  amr: file('#!AMR\n'),
  mp4: file('\x00\x00\x00\x18ftypmp42'),
}

function file(head: string | number[]): Buffer {
  return Buffer.concat([typeof head === 'string' ? Buffer.from(head, 'latin1') : Buffer.from(head), NOISE])
}

/** A part by its own header lines. */
export interface RawPart {
  headers: string
  content: Buffer | string
}

/** A multipart request from parts; `boundaryParameter` and `lineEnd` make it wrong. */
export function rawForm(
  parts: RawPart[],
  { boundaryParameter = '; boundary=----x7', end = '\r\n------x7--\r\n', contentType = 'multipart/form-data' } = {},
): Sent {
  const pieces = parts.flatMap((part, index) => [
    Buffer.from(`${index > 0 ? '\r\n' : ''}------x7\r\n${part.headers}\r\n\r\n`),
    Buffer.from(part.content),
  ])
  const body = Buffer.concat([...pieces, Buffer.from(end)])
  return { headers: { 'Content-Type': contentType + boundaryParameter }, body }
}

/** The file part that the real server takes, by default a JPEG with a Chinese name. */
export function filePart(name = '图片.jpg', content: Buffer = FILES.jpg): RawPart {
  return {
    headers: `Content-Disposition: form-data; name="media"; filename="${name}"\r\nContent-Type: application/octet-stream`,
    content,
  }
}

/** A well-formed upload. */
export const fileForm = (name?: string, content?: Buffer): Sent => rawForm([filePart(name, content)])

/** A well-formed video with its description. */
export function videoForm(description: string, content: Buffer = FILES.mp4): Sent {
  const headers = 'Content-Disposition: form-data; name="description"\r\nContent-Type: text/plain; charset=utf-8'
  return rawForm([filePart('影片.mp4', content), { headers, content: description }])
}
