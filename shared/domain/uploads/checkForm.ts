/** Checks files whose bytes came in the request itself. */
import { Readable } from 'node:stream'
import type { Account } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import { extensionOf, type FileFormat, fileFormat, SNIFF_BYTES } from '../../core/fileKind.ts'
import type { FormFile } from '../../core/multipart.ts'
import type { MediaFile, MediaType } from '../../ports/wechat.ts'
import { checkDeclaration, checkFirstBytes, cleanFilename } from './mediaRules.ts'

const TYPE_OF_FORMAT: Record<FileFormat, MediaType> = {
  jpg: 'image',
  png: 'image',
  gif: 'image',
  bmp: 'image',
  mp3: 'voice',
  wav: 'voice',
  wma: 'voice',
  amr: 'voice',
  mp4: 'video',
}

/** A form's file, checked and ready for WeChat. */
export interface DirectFile {
  type: MediaType
  file: MediaFile
  warnings: string[]
}

/** What a form's file is for; without `type` its bytes decide. */
export interface FormPurpose {
  type: MediaType | undefined
  permanent: boolean
  /** An image for the inside of articles. */
  inArticle?: boolean
  account: Account
}

/**
 * Checks a form's file by name, size and first bytes. Without `type` the bytes decide; a name without any extension (a
 * browser's "blob") gets the one of its bytes. Throws `FILE_TYPE_NOT_ALLOWED`, `FILE_CONTENT_MISMATCH`, `FILE_TOO_LARGE`.
 */
export function checkForm(form: FormFile, { type, permanent, inArticle = false, account }: FormPurpose): DirectFile {
  const head = headOf(form.chunks)
  const found = fileFormat(head)
  const kind = type ?? (found && TYPE_OF_FORMAT[found])
  if (!kind) throw new AppError('FILE_TYPE_NOT_ALLOWED', 'The bytes are of no format that WeChat takes.')
  const clean = cleanFilename(form.filename)
  const filename = extensionOf(clean) === '' && found ? `${clean || 'file'}.${found}` : clean
  const declared = { filename, contentType: form.contentType, size: form.size }
  const { format, contentType, warnings } = checkDeclaration(declared, {
    type: kind,
    permanent,
    inArticle,
    limits: account.limits,
  })
  checkFirstBytes(head, format)
  const open = async () => Readable.from(form.chunks, { objectMode: false })
  return { type: kind, file: { filename, contentType, size: form.size, open }, warnings }
}

function headOf(chunks: Uint8Array[]): Uint8Array {
  const enough: Uint8Array[] = []
  for (let length = 0, index = 0; length < SNIFF_BYTES && index < chunks.length; index++) {
    const chunk = chunks[index] ?? new Uint8Array()
    enough.push(chunk.subarray(0, SNIFF_BYTES - length))
    length += chunk.length
  }
  return Buffer.concat(enough)
}
