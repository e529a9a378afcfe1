/** `POST /cgi-bin/material/add_material`: a permanent file (wechat-api.md §3.1). */
import * as z from 'zod'
import type { Outcome } from '../answer.ts'
import type { Call } from '../endpoint.ts'
import { fields, unicodeEscapesKept } from '../jsonBody.ts'
import { checkRoom } from '../library.ts'
import type { Part } from '../multipart.ts'
import { imageUrl } from '../publicUrls.ts'
import { Refusal } from '../refusal.ts'
import { newId } from '../simulator.ts'
import { uploadedFile } from '../uploadedFile.ts'

const Description = z.object({ title: z.string().default(''), introduction: z.string().default('') })

/** Images and thumbs get a URL as well. */
export function addMaterial(call: Call): Outcome {
  const { simulator, account } = call
  const { appId, voiceVideoUrl } = account.settings
  const upload = uploadedFile(call, 'permanent')
  const { type } = upload
  const description = type === 'video' ? readDescription(call, upload.parts) : { title: '', introduction: '' }
  checkRoom(account, type)
  const mediaId = newId(simulator.random)
  const file = simulator.store(upload.content, upload)
  simulator.record({ event: 'material', appId, mediaId, type, file, ...description })
  if (type === 'image' || type === 'thumb') {
    return { json: { media_id: mediaId, url: imageUrl(simulator, account.settings, file) } }
  }
  return { json: voiceVideoUrl === 'empty' ? { media_id: mediaId, url: '' } : { media_id: mediaId } }
}

function readDescription(call: Call, parts: Part[]): z.infer<typeof Description> {
  const part = parts.find(({ disposition }) => disposition.get('name')?.value === 'description')
  // One SDK sends it in the query string, which works on the real server (§3.1).
  const text = part?.content.toString('utf8') ?? call.query.get('description')
  if (!text) throw new Refusal(41005)
  return fields(Description, parsed(unicodeEscapesKept(text)), 47001)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(47001)
  }
}
