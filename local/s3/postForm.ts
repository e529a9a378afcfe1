/** A browser upload form: fields first, then exactly one file, streamed to whoever takes it. */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import { S3Error } from './s3Error.ts'

const MAX_FIELDS_BYTES = 20 * 1024
const MAX_FIELDS = 100

/** What stood before the file: fields by lower-case name, and the file's own name without folders. */
export interface FormHead {
  fields: Map<string, string>
  filename: string
}

/**
 * Reads a form and hands its file to `onFile` as soon as it begins. Resolves with what `onFile` made of it once
 * the form has ended well; otherwise `undo` gets the result back. The connection stays open for an answer.
 */
export async function readPostForm<T>(
  message: IncomingMessage,
  onFile: (head: FormHead, file: Readable) => Promise<T>,
  undo: (result: T) => void,
): Promise<T> {
  const parser = formParser(message)
  const fields = new Map<string, string>()
  let fieldBytes = 0
  let taken: Promise<T> | undefined
  const ended = new Promise<void>((resolve, reject) => {
    parser.on('field', (name, value, info) => {
      if (taken) return
      fieldBytes += Buffer.byteLength(name) + Buffer.byteLength(value)
      if (fieldBytes > MAX_FIELDS_BYTES || info.valueTruncated || info.nameTruncated) return reject(tooMuchBeforeFile())
      fields.set(name.toLowerCase(), value)
    })
    parser.on('fieldsLimit', () => reject(tooMuchBeforeFile()))
    parser.on('file', (name, file, info) => {
      file.on('error', () => undefined)
      if (taken || name.toLowerCase() !== 'file') {
        file.resume()
        return reject(oneFile())
      }
      taken = onFile({ fields, filename: (info.filename ?? '').replace(/^.*[/\\]/s, '') }, file)
      taken.catch(reject)
    })
    parser.on('error', cause => reject(new S3Error('MalformedPOSTRequest', MALFORMED, { cause })))
    parser.on('close', resolve)
    message.on('aborted', () => reject(new Error('the client went away')))
    message.on('error', reject)
  })
  message.pipe(parser)
  try {
    await ended
    if (!taken) throw oneFile()
    return await taken
  } catch (error) {
    parser.destroy()
    await taken?.then(undo, () => undefined)
    throw error
  }
}

const MALFORMED = 'The body of your POST request is not well-formed multipart/form-data.'

function formParser(message: IncomingMessage) {
  try {
    return busboy({
      headers: message.headers,
      defParamCharset: 'utf8',
      preservePath: true,
      limits: { fields: MAX_FIELDS, fieldSize: MAX_FIELDS_BYTES },
    })
  } catch (cause) {
    throw new S3Error('MalformedPOSTRequest', MALFORMED, { cause })
  }
}

const tooMuchBeforeFile = () =>
  new S3Error('MaxPostPreDataLengthExceeded', 'Your POST request fields preceding the upload file were too large.')

const oneFile = () => new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.')
