/** Under which name a permanent file was uploaded here: WeChat does not tell it with the bytes (wechat-api.md §3.2). */

import type { Table } from '../../ports/table.ts'
import type { MediaType } from '../../ports/wechat.ts'
import { findHash } from '../uploads/hashRow.ts'
import { findUpload } from '../uploads/uploadRow.ts'
import type { MediaName } from './libraryRows.ts'

/** What is known of the file: `type` by its bytes, `sha256` in lower-case hex. */
export interface NamelessFile extends MediaName {
  type: MediaType | undefined
  sha256: string
  signal: AbortSignal
}

/** The name, found by the bytes and only where their upload has this very media_id; `undefined` for all others. */
export async function uploadedName(table: Table, file: NamelessFile): Promise<string | undefined> {
  const { appId, mediaId, type, sha256, signal } = file
  // The bytes of a thumb are those of any image.
  const types: MediaType[] = type === 'image' ? ['image', 'thumb'] : type ? [type] : []
  for (const one of types) {
    const hash = await findHash(table, { app_id: appId, type: one, permanent: true, sha256 }, signal)
    const upload = hash && (await findUpload(table, { appId, uploadId: hash.data.upload_id, signal }))
    if (upload?.data.media_id === mediaId) return upload.data.filename
  }
  return undefined
}
