/** Tells files from JSON in the answers of media/get and get_material before a byte is handed out (wechat-api.md §2.2). */
import type { Readable } from 'node:stream'
import { AppError } from '../core/errors.ts'
import { firstBytes } from '../core/firstBytes.ts'
import { Passing } from '../core/passing.ts'
import type { BinaryMedia } from '../ports/wechat.ts'
import { readWhole, type WholeBody } from './readWhole.ts'
import type { TransportAnswer } from './transportPort.ts'

const SNIFFED_BYTES = 512
const TEXTUAL = /^(?:$|text\/|application\/(?:[\w.-]+\+)?(?:json|xml))/i
const WHITE_SPACE_OR_BOM = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf])
/** JPEG, PNG, GIF, BMP, `#!AMR` and `#!SILK`, ID3, RIFF, Ogg, ASF (wma), as latin1. */
const MAGIC = ['\xff\xd8\xff', '\x89PNG', 'GIF8', 'BM', '#!', '\x02#!', 'ID3', 'RIFF', 'OggS', '\x30\x26\xb2\x75']

/**
 * A file with its first byte still to come, or the whole body of an answer that is none: JSON, an error page, nothing.
 * A file that breaks off before its Content-Length destroys `body` with `AppError('WECHAT_BAD_ANSWER')`.
 */
export async function openFile(answer: TransportAnswer): Promise<BinaryMedia | WholeBody> {
  if (answer.status !== 200) return readWhole(answer.body)
  const head = await firstBytes(answer.body, SNIFFED_BYTES).catch(() => undefined)
  if (!head || head.length === 0) return { bytes: Buffer.alloc(0), complete: head !== undefined }
  const { headers } = answer
  const disposition = headers['content-disposition'] ?? ''
  if (!isFile(head, headers['content-type'] ?? '', /attachment/i.test(disposition))) return readWhole(answer.body)
  const size = Number.parseInt(headers['content-length'] ?? '', 10)
  const expected = Number.isNaN(size) ? undefined : size
  return {
    kind: 'binary',
    contentType: headers['content-type'] ?? 'application/octet-stream',
    size: expected,
    filename: filenameOf(disposition),
    body: measured(answer.body, expected),
  }
}

/** The bytes decide; the headers are asked only about bytes that could be either. */
function isFile(head: Uint8Array, contentType: string, isAttachment: boolean): boolean {
  const start = Buffer.from(head).toString('latin1')
  if (MAGIC.some(magic => start.startsWith(magic)) || start.startsWith('ftyp', 4)) return true
  if (head.find(byte => !WHITE_SPACE_OR_BOM.has(byte)) === 0x7b) return false
  return isAttachment || !TEXTUAL.test(contentType) || head.some(byte => byte < 0x09)
}

/** The same bytes, counted against Content-Length. */
function measured(source: Readable, expected: number | undefined): Readable {
  return new Passing(source, {
    end(total) {
      if (expected !== undefined && total !== expected) throw brokeOff(new Error(`${total} of ${expected} bytes`))
      return undefined
    },
    failure: brokeOff,
  })
}

const brokeOff = (cause: unknown): AppError =>
  new AppError('WECHAT_BAD_ANSWER', 'The file from WeChat broke off.', {}, { cause })

/** RFC 6266, leniently: `filename*` first, then a quoted or bare `filename`. */
function filenameOf(disposition: string): string | undefined {
  const encoded = /filename\*=utf-8''([^;]+)/i.exec(disposition)?.[1]
  const given = /filename="([^"]*)"/i.exec(disposition)?.[1] ?? /filename=([^;"]+)/i.exec(disposition)?.[1]
  try {
    return encoded ? decodeURIComponent(encoded.trim()) : given && fromHeader(given.trim())
  } catch {
    return given && fromHeader(given.trim())
  }
}

/** Raw UTF-8 in a header may arrive as one character per byte. */
function fromHeader(value: string): string {
  if (!/^[\x20-\xff]*$/.test(value)) return value
  const decoded = Buffer.from(value, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? value : decoded
}
