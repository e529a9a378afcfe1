/** Small files that begin as real ones do and go on with bytes that no text survives. */
import { createHash } from 'node:crypto'
import type { FileFormat } from '../../shared/core/fileKind.ts'
import { seededRandom } from './seededRandom.ts'

const HEADS: Record<FileFormat, Buffer> = {
  jpg: Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'),
  png: Buffer.from('89504e470d0a1a0a0000000d494844520000000100000001', 'hex'),
  gif: Buffer.from('GIF89a\x01\x00\x01\x00\x80\xff\xff', 'latin1'),
  bmp: Buffer.from('424d000100000000000036000000280000000100000001000000', 'hex'),
  mp3: Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x0f\xff\xfb\x90\x64', 'latin1'),
  wav: Buffer.from('RIFF\x24\x80\x00\x00WAVEfmt \x10\x00\x00\x00', 'latin1'),
  wma: Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'),
  amr: Buffer.from('#!AMR\n\x3c\x91\x17\x16\xbe\x66', 'latin1'),
  mp4: Buffer.from('\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom', 'latin1'),
}

/** The content type that each format is declared with. */
export const CONTENT_TYPES: Record<FileFormat, string> = {
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

/** `size` bytes of a format: its head, then a tail that depends on `seed` and always has bytes of 0x80 and above. */
export function fileBytes(format: FileFormat, size = 300, seed = 1): Buffer {
  const head = HEADS[format]
  const tail = Buffer.from(seededRandom(seed).bytes(Math.max(0, size - head.length)))
  if (tail.length > 0) tail[tail.length - 1] = 0xfe
  return Buffer.concat([head, tail]).subarray(0, size)
}

/** Lower-case hex SHA-256. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
