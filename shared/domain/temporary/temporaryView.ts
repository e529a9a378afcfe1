/** A tracked media as callers see it. */
import type * as z from 'zod'
import type { PortsOf } from '../../core/ports.ts'
import type { TemporaryView } from '../../core/schemas/temporary.ts'
import { fileLink } from '../library/fileLink.ts'
import type { TemporaryData } from './temporaryRow.ts'

/** Times in seconds, the address of the copy newly signed. */
export async function temporaryView(
  ports: PortsOf<'signer'>,
  data: TemporaryData,
): Promise<z.infer<typeof TemporaryView>> {
  const { media_id, type, source, state, created_at, expires_at, age_known, file, error } = data
  return {
    media_id,
    ...(type && { type }),
    source,
    state,
    created_at: seconds(created_at),
    expires_at: seconds(expires_at),
    age_known,
    ...(file && { content_type: file.content_type, size: file.size, sha256: file.sha256 }),
    ...(file && { down_url: (await fileLink(ports, file)).url }),
    ...(error && { error }),
  }
}

/** ms as whole seconds. */
export const seconds = (ms: number): number => Math.floor(ms / 1000)
