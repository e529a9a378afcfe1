/** A signed address under which a copy can be fetched. */
import { attachment } from '../../core/contentDisposition.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { StoredFile } from './storedFile.ts'

/** Every signed URL lives so long (service-api.md §1). */
const LIFE_SECONDS = 15 * 60

/** The address, and what it leads to. */
export interface FileLink {
  url: string
  facts: {
    content_type: string
    /** bytes */
    size: number
    /** seconds since the epoch */
    expires_at: number
  }
}

/** Signs a new address; the download is an attachment under its own name, of the content type of our table. */
export async function fileLink({ signer, clock }: PortsOf<'signer'>, file: StoredFile): Promise<FileLink> {
  const url = await signer.downloadUrl(file.object_key, {
    expiresIn: LIFE_SECONDS,
    contentType: file.content_type,
    contentDisposition: attachment(file.filename),
  })
  const expiresAt = Math.floor(clock.now() / 1000) + LIFE_SECONDS
  return { url, facts: { content_type: file.content_type, size: file.size, expires_at: expiresAt } }
}
