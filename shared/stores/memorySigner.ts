/** Grants as readable `memory://` addresses, for tests and simulations: whoever gets one can check it. */
import type { ObjectSigner } from '../ports/objectStore.ts'

/** A signer that signs nothing: every condition of the grant stands in the address or the fields. */
export function memorySigner(): ObjectSigner {
  return {
    uploadTarget: async ({ key, contentType, minSize, maxSize, expiresIn }) => ({
      method: 'POST',
      url: `memory://objects/?${new URLSearchParams({
        minSize: String(minSize),
        maxSize: String(maxSize),
        expiresIn: String(expiresIn),
      })}`,
      fields: { key, 'Content-Type': contentType },
    }),
    downloadUrl: async (key, { expiresIn, contentType, contentDisposition }) => {
      const query = new URLSearchParams({ expiresIn: String(expiresIn) })
      if (contentType !== undefined) query.set('response-content-type', contentType)
      if (contentDisposition !== undefined) query.set('response-content-disposition', contentDisposition)
      return `memory://objects/${encodeURIComponent(key)}?${query}`
    },
  }
}
