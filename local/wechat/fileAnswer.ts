/** The binary answer of media/get and get_material (wechat-api.md §2.2). */
import type { Outcome } from './answer.ts'
import { contentTypeOf } from './fileFormats.ts'
import type { StoredFile } from './mutation.ts'
import type { Simulator } from './simulator.ts'

/** A file as an attachment that is named after its media_id; header names are spelled as WeChat spells them. */
export function fileAnswer(simulator: Simulator, mediaId: string, file: StoredFile): Outcome {
  const body = simulator.bodies.read(file.sha256)
  const headers = {
    Connection: 'close',
    'Content-Type': contentTypeOf(file.format),
    'Content-disposition': `attachment; filename="${mediaId}.${file.format}"`,
    'Cache-Control': 'no-cache, must-revalidate',
    'Content-Length': String(body.length),
  }
  return { answer: { status: 200, headers, body, errcode: 0 } }
}
