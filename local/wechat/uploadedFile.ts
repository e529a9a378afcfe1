/** The rules for a file that arrives by multipart (wechat-api.md §2.1, §3.1). */
import type { Call } from './endpoint.ts'
import { type Destination, formatOfBytes, formatOfName, isAccepted } from './fileFormats.ts'
import { type Part, parseMultipart, saysMultipart } from './multipart.ts'
import { FileType } from './mutation.ts'
import { Refusal } from './refusal.ts'
import type { AccountSettings } from './simulatedAccount.ts'

const SIZE_ERRCODES = { image: 40009, voice: 40010, video: 40011, thumb: 40012 } as const

/** A file that was sent properly. */
export interface UploadedFile {
  type: FileType
  filename: string
  format: string
  content: Buffer
  /** All parts, for those that come beside the file. */
  parts: Part[]
}

/**
 * The file of a body whose field, name, type, extension, size and bytes are in order. The type comes from the
 * query, except for uploadimg, which ignores it. Throws `Refusal` 45001, 41005, 47001, 40004, 40113, 40005 or a size errcode.
 */
export function uploadedFile(call: Call, destination: Destination): UploadedFile {
  const { filename, content, parts } = filePart(call, destination)
  const type = destination === 'uploadimg' ? 'image' : typeOf(call)
  const format = formatOfName(filename)
  if (format === undefined) throw new Refusal(40113)
  if (!isAccepted(format, type, destination)) throw new Refusal(40005)
  checkSize(call.account.settings, content.length, { type, destination })
  if (formatOfBytes(content) !== format) throw new Refusal(40005)
  return { type, filename, format, content, parts }
}

/**
 * Each destination has its own blind spots: the permanent one insists on the quoted name `media`, the two others
 * take any field but no unquoted filename.
 */
function filePart(call: Call, destination: Destination): { filename: string; content: Buffer; parts: Part[] } {
  if (call.tooLarge) throw new Refusal(45001)
  const contentType = call.headers['content-type'] ?? ''
  if (destination === 'permanent' && !saysMultipart(contentType)) throw new Refusal(47001)
  const read = parseMultipart(contentType, call.body)
  if ('fault' in read) throw new Refusal(41005)
  const file = read.parts.find(({ disposition }) => {
    const name = disposition.get('name')
    if (!name || !disposition.get('filename')?.value) return false
    return destination === 'permanent' ? name.quoted && name.value === 'media' : true
  })
  const filename = file?.disposition.get('filename')
  if (!file || !filename || file.content.length === 0) throw new Refusal(41005)
  if (destination !== 'permanent' && !filename.quoted) throw new Refusal(41005)
  return { filename: filename.value, content: file.content, parts: read.parts }
}

function typeOf(call: Call): FileType {
  const parsed = FileType.safeParse(call.query.get('type'))
  if (!parsed.success) throw new Refusal(40004)
  return parsed.data
}

function checkSize(
  { limits, sizeErrcode }: AccountSettings,
  size: number,
  { type, destination }: { type: FileType; destination: Destination },
): void {
  // Of in-article images the page says "below 1 MB", of all others "at most".
  const tooLarge =
    destination === 'uploadimg'
      ? size >= limits.uploadimg
      : size > (destination === 'temporary' && type === 'image' ? limits.temporaryImage : limits[type])
  if (tooLarge) throw new Refusal(sizeErrcode ?? SIZE_ERRCODES[type])
}
