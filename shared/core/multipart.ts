/** Reads multipart/form-data with one file, as browsers, curl and SDKs send it. */
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import busboy from 'busboy'
import { AppError } from './errors.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** The largest file that fits through the gateway (service-api.md §1). */
export const MAX_GATEWAY_FILE_BYTES = 4 * MiB
/** What the parts around the file may add to a body. */
const MAX_OVERHEAD_BYTES = 128 * KiB
const MAX_FIELDS = 10
const MAX_FIELD_BYTES = 8 * KiB
const MAX_PARTS = 12
/** Files kept until the form's end: `file_field` may name one only after they came. */
const MAX_FILES = 2

/** A file of a form; `chunks` together hold `size` bytes, exactly as they were sent. */
export interface FormFile {
  field: string
  filename: string
  /** "" when the sender named none */
  contentType: string
  chunks: Uint8Array[]
  /** bytes */
  size: number
}

/** A form: its one file and its text fields. */
export interface Form {
  file: FormFile
  fields: Record<string, string>
}

/**
 * Reads a form. `fileField` names the file's field when the query did; else the form's own `file_field` does, else
 * the form must have exactly one file. Throws `UNSUPPORTED_CONTENT_TYPE`, `INVALID_MULTIPART`, `FILE_MISSING`,
 * `FILE_EMPTY`, `FILE_TOO_LARGE` or `BODY_TOO_LARGE`; nothing partial ever comes out.
 */
export async function readForm(request: Request, fileField: string | undefined, signal?: AbortSignal): Promise<Form> {
  const { files, fields } = await parse(request, signal)
  const wanted = fileField ?? fields['file_field']
  const candidates = wanted === undefined ? files : files.filter(file => file.field === wanted)
  const [file] = candidates
  if (!file) {
    throw new AppError(
      'FILE_MISSING',
      wanted === undefined ? 'The form has no file.' : `The form has no file in the field ${wanted}.`,
      {
        file_field: wanted ?? null,
      },
    )
  }
  if (candidates.length > 1) {
    throw new AppError('INVALID_MULTIPART', 'The form has more than one file; send one at a time.')
  }
  if (!file.filename) throw new AppError('INVALID_MULTIPART', 'The file part has no file name.')
  if (file.size === 0) throw new AppError('FILE_EMPTY', 'The file has no bytes.')
  return { file, fields }
}

interface Parsed {
  files: FormFile[]
  fields: Record<string, string>
}

function parse(request: Request, signal: AbortSignal | undefined): Promise<Parsed> {
  const contentType = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new AppError('UNSUPPORTED_CONTENT_TYPE', 'The body must be multipart/form-data.', {
      expected: 'multipart/form-data',
    })
  }
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > MAX_GATEWAY_FILE_BYTES + MAX_OVERHEAD_BYTES) throw tooLarge()
  const reader = busboyFor(contentType)
  const body = request.body ? Readable.fromWeb(request.body as ReadableStream<Uint8Array>) : Readable.from([])

  return new Promise((resolve, reject) => {
    const files: FormFile[] = []
    const fields: Record<string, string> = Object.create(null)
    const open = new Set<FormFile>()
    const fail = (error: AppError) => {
      body.unpipe(reader)
      body.resume()
      reject(error)
    }
    reader.on('file', (field, stream, info) => {
      // text/plain is busboy's word for a part without a Content-Type, which some SDKs send.
      const contentType = info.mimeType === 'text/plain' ? '' : info.mimeType
      const file: FormFile = { field, filename: info.filename ?? '', contentType, chunks: [], size: 0 }
      files.push(file)
      open.add(file)
      stream.on('data', (chunk: Uint8Array) => {
        file.chunks.push(chunk)
        file.size += chunk.length
      })
      stream.on('limit', () => fail(tooLarge()))
      stream.on('end', () => open.delete(file))
      stream.on('error', cause => fail(malformed(cause)))
    })
    reader.on('field', (name, value, info) => {
      if (info.valueTruncated || info.nameTruncated) fail(malformed(`the field ${name} is too long`))
      else fields[name] = value
    })
    reader.on('filesLimit', () => fail(new AppError('INVALID_MULTIPART', 'The form has too many files.')))
    reader.on('fieldsLimit', () => fail(malformed('too many fields')))
    reader.on('partsLimit', () => fail(malformed('too many parts')))
    reader.on('error', cause => fail(malformed(cause)))
    reader.on('close', () =>
      open.size > 0 ? fail(malformed('a file part stops half-way')) : resolve({ files, fields }),
    )
    body.on('error', cause => fail(malformed(cause)))
    const late = () => fail(new AppError('OUT_OF_TIME', 'The form did not arrive in time.'))
    signal?.addEventListener('abort', late, { once: true })
    body.pipe(reader)
    if (signal?.aborted) late()
  })
}

function busboyFor(contentType: string): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': contentType },
      // Without this busboy reads names as latin1 and every Chinese one is broken.
      defParamCharset: 'utf8',
      limits: {
        files: MAX_FILES,
        fileSize: MAX_GATEWAY_FILE_BYTES + 1,
        fields: MAX_FIELDS,
        fieldSize: MAX_FIELD_BYTES,
        parts: MAX_PARTS,
      },
    })
  } catch (cause) {
    throw malformed(cause)
  }
}

const malformed = (cause: unknown): AppError =>
  new AppError('INVALID_MULTIPART', 'The form is malformed or incomplete.', {}, { cause })

const tooLarge = (): AppError =>
  new AppError(
    'FILE_TOO_LARGE',
    `Through the gateway a file may have ${MAX_GATEWAY_FILE_BYTES} bytes; use POST /wechat/uploads for larger ones.`,
    { limit: MAX_GATEWAY_FILE_BYTES, use: 'POST /wechat/uploads' },
  )
