/** The secrets ports under a 256-bit key of our own: AES-256-GCM, bound to their app_id as additional data. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AppError } from '../core/errors.ts'
import type { Opener, Sealer } from '../ports/secrets.ts'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORMAT = 'g1.'

/** `key` gives the 32 bytes when first needed. */
export function keySecrets(key: () => Uint8Array): Sealer & Opener {
  return {
    async seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, key(), nonce).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return FORMAT + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    async open(sealed, context) {
      try {
        if (!sealed.startsWith(FORMAT)) throw new Error('unknown format')
        const bytes = Buffer.from(sealed.slice(FORMAT.length), 'base64url')
        const decipher = createDecipheriv(ALGORITHM, key(), bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        })
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
        return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      } catch (cause) {
        throw new AppError('SECRET_UNREADABLE', 'The stored secret cannot be opened.', {}, { cause })
      }
    },
  }
}
