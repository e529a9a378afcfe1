/** What may be uploaded as what: the checks before any byte travels, and on the first bytes. */
import { AppError } from '../../core/errors.ts'
import { extensionOf, type FileFormat, fileFormat, formatOfName } from '../../core/fileKind.ts'
import type { MediaType } from '../../ports/wechat.ts'
import { type FileLimits, type LimitSet, limitsFor, measure } from '../../wechat/limits.ts'

/** A file as its sender describes it. `contentType` is optional for browsers that know none. */
export interface DeclaredFile {
  filename: string
  contentType?: string | undefined
  /** bytes */
  size: number
}

/** A declaration that passed. */
export interface CheckedFile {
  format: FileFormat
  /** The extension as it was given, lower case. */
  extension: string
  /** The content type that we send, whatever synonym was declared. */
  contentType: string
  /** Sentences about values above a limit that only some of WeChat's pages name. */
  warnings: string[]
}

/** What is to be uploaded as what, under which limits. */
export interface MediaPurpose {
  type: MediaType
  permanent: boolean
  limits: LimitSet
  /** For the inside of articles: `media/uploadimg` has limits of its own. */
  inArticle?: boolean
}

/** Longest file name in UTF-8 bytes: WeChat documents no limit, file systems stop a little above. */
const MAX_FILENAME_BYTES = 200
const GENERIC_TYPES = new Set(['', 'application/octet-stream', 'binary/octet-stream'])

/**
 * Checks name, content type and size. Throws `FILE_TYPE_NOT_ALLOWED`, `FILE_CONTENT_MISMATCH` (name against content
 * type), `FILE_TOO_LARGE` or `FILE_EMPTY`.
 */
export function checkDeclaration(file: DeclaredFile, purpose: MediaPurpose): CheckedFile {
  const rule = fileLimits(purpose)
  const extension = extensionOf(file.filename)
  const contentTypes = Object.hasOwn(rule.formats, extension) ? rule.formats[extension] : undefined
  const format = formatOfName(file.filename)
  const contentType = contentTypes?.[0]
  if (!contentTypes || !contentType || !format) {
    const allowed = Object.keys(rule.formats)
    throw new AppError(
      'FILE_TYPE_NOT_ALLOWED',
      `A file of type ${purpose.type} must be named as one of ${allowed.join(', ')}.`,
      {
        allowed,
      },
    )
  }
  const declared = file.contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!GENERIC_TYPES.has(declared) && !contentTypes.includes(declared)) {
    throw new AppError('FILE_CONTENT_MISMATCH', `The name says ${extension}, the content type says ${declared}.`, {
      expected: contentTypes,
    })
  }
  return { format, extension, contentType, warnings: checkSize(file.size, rule, purpose) }
}

/** Throws `FILE_CONTENT_MISMATCH` unless the first bytes are of the format that the name promised. */
export function checkFirstBytes(head: Uint8Array, promised: FileFormat): void {
  const found = fileFormat(head)
  if (found === promised) return
  throw new AppError(
    'FILE_CONTENT_MISMATCH',
    `The name says ${promised}, the bytes say ${found ?? 'something else'}.`,
    {
      name_says: promised,
      bytes_say: found ?? null,
    },
  )
}

/** A file name fit for WeChat: no path, no control characters or quotes, at most 200 bytes, extension kept. */
export function cleanFilename(filename: string): string {
  const base = filename.split(/[/\\]/).at(-1) ?? ''
  const clean = base
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}"]/gu, '')
    .trim()
  const dot = clean.lastIndexOf('.')
  const extension = dot < 0 ? '' : clean.slice(dot)
  const stem = [...clean.slice(0, clean.length - extension.length)]
  while (stem.length > 1 && Buffer.byteLength(stem.join('') + extension) > MAX_FILENAME_BYTES) stem.pop()
  return stem.join('') + extension
}

function fileLimits({ type, permanent, limits, inArticle }: MediaPurpose): FileLimits {
  const set = limitsFor(limits)
  return inArticle ? set.articleImage : set[permanent ? 'permanent' : 'temporary'][type]
}

function checkSize(size: number, rule: FileLimits, { type }: MediaPurpose): string[] {
  if (size <= 0) throw new AppError('FILE_EMPTY', 'The file has no bytes.')
  const { max, warnAbove } = rule.bytes
  switch (measure(rule.bytes, size)) {
    case 'over':
      throw new AppError('FILE_TOO_LARGE', `A ${type} may have ${max} bytes, this one has ${size}.`, {
        limit: max,
        size,
      })
    case 'warn':
      return [`Some of WeChat's pages allow a ${type} only ${warnAbove} bytes; it may be refused.`]
    default:
      return []
  }
}
