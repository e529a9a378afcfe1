/** The multipart/form-data body that WeChat accepts (wechat-api.md §3.1), streamed from the file with a known length. */
import { createHash } from 'node:crypto'
import { addAbortSignal } from 'node:stream'
import { AppError } from '../core/errors.ts'
import { Passing, type PassingRules, PIECE_BYTES } from '../core/passing.ts'
import type { MediaFile, VideoDescription } from '../ports/wechat.ts'
import { encodeJson } from './json.ts'
import type { FormPart, TransportBody } from './transportPort.ts'

const CRLF = '\r\n'
const CONTENT_TYPE = /^[\w.+-]+\/[\w.+-]+$/

/** A body with the header that announces it. */
export interface MultipartBody {
  contentType: string
  body: TransportBody
}

/**
 * The file as part `media`, then the video's `description` where there is one. The file name travels as raw UTF-8 bytes.
 * The body throws `FILE_CONTENT_MISMATCH` when the file has another length than `size` or another hash than `sha256`;
 * its end is held back until both are known, so that WeChat never gets a whole body of wrong bytes. `boundary` must
 * be unpredictable, so that no file can contain it.
 */
export function multipartBody(
  file: MediaFile,
  description: VideoDescription | undefined,
  boundary: string,
): MultipartBody {
  const filename = quotable(file.filename)
  const contentType = CONTENT_TYPE.test(file.contentType) ? file.contentType : 'application/octet-stream'
  const head = Buffer.from(
    `--${boundary}${CRLF}Content-Disposition: form-data; name="media"; filename="${filename}"${CRLF}` +
      `Content-Type: ${contentType}${CRLF}${CRLF}`,
  )
  const described = description ? descriptionPart(description, boundary) : []
  const tail = Buffer.concat([...described, Buffer.from(`${CRLF}--${boundary}--${CRLF}`)])
  const fileEnd = head.length + file.size
  const [before, value] = described
  return {
    // Quoting the boundary makes WeChat answer 41005.
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: {
      length: fileEnd + tail.length,
      parts: [
        { name: 'media', start: head.length, end: fileEnd, filename, contentType },
        ...(before && value ? [partAt('description', fileEnd + before.length, value)] : []),
      ],
      open(signal) {
        // Opened here and not in the generator: the store answers while the connection to WeChat is made.
        const source = file.open(signal).then(stream => addAbortSignal(signal, stream.on('error', ignore)))
        source.catch(ignore)
        return new Passing(source, { head, pieces: PIECE_BYTES, ...checks(file, tail) })
      },
    },
  }
}

/** A source that fails before anybody reads it is no crash: the failure of the call tells. */
const ignore = (): void => undefined

function checks(file: MediaFile, tail: Uint8Array): Required<Pick<PassingRules, 'arrive' | 'look' | 'end'>> {
  const hash = file.sha256 === undefined ? undefined : createHash('sha256')
  return {
    arrive(total) {
      if (total > file.size) throw mismatch('The file is longer than declared.')
    },
    look(piece) {
      hash?.update(piece)
    },
    end(total) {
      if (total < file.size) throw mismatch('The file is shorter than declared.')
      if (hash && hash.digest('hex') !== file.sha256) throw mismatch('The file has another SHA-256 than declared.')
      return tail
    },
  }
}

const mismatch = (message: string): AppError => new AppError('FILE_CONTENT_MISMATCH', message)

const partAt = (name: string, start: number, value: Buffer): FormPart => ({ name, start, end: start + value.length })

/** The part's head and its value. */
function descriptionPart({ title, introduction }: VideoDescription, boundary: string): [Buffer, Buffer] {
  return [
    Buffer.from(
      `${CRLF}--${boundary}${CRLF}Content-Disposition: form-data; name="description"${CRLF}` +
        `Content-Type: text/plain; charset=utf-8${CRLF}${CRLF}`,
    ),
    encodeJson({ title, introduction }),
  ]
}

/** Characters that would end the quoted string or the header line become `_`. */
function quotable(filename: string): string {
  return filename.toWellFormed().replace(/["\\\p{Cc}\u2028\u2029]/gu, '_')
}
