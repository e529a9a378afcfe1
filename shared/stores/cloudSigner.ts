/** Addresses of CloudBase's storage for clients. */
import { AppError } from '../core/errors.ts'
import type { ObjectSigner } from '../ports/objectStore.ts'
import type { CloudBaseClient } from './cloudBase.ts'
import { cloudFiles } from './cloudFiles.ts'

/**
 * A signer for the storage of one environment. An upload is a PUT with headers, good for this key alone; how long, and
 * how many bytes, is the platform's decision, so the service compares what arrived with what was declared. A mini
 * program takes the decoded header `key` as `cloudPath` of `wx.cloud.uploadFile` instead. Downloads have the type and
 * disposition that the object was written with. Throws `AppError`: `STORE_UNAVAILABLE`, `INTERNAL`.
 */
export function cloudSigner({ client }: { client: CloudBaseClient }): ObjectSigner {
  const files = cloudFiles(client)
  return {
    async uploadTarget({ key, contentType }) {
      const { url, headers } = await files.uploadAddress(key)
      return { method: 'PUT', url, headers: { ...headers, 'content-type': contentType } }
    },
    async downloadUrl(key, { expiresIn }) {
      const url = await files.downloadAddress(key, { seconds: expiresIn, origin: false })
      if (url === undefined) throw new AppError('OBJECT_MISSING', 'The stored file is gone.')
      return url
    },
  }
}
