/** The secrets ports over AWS KMS: values under 4 KB, bound to their app_id by the encryption context. */
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms'
import { AppError } from '../core/errors.ts'
import type { Opener, Sealer } from '../ports/secrets.ts'

/** `keyId`: id, alias or ARN of a symmetric key. */
export interface KmsSecretsOptions {
  keyId: string
  client: () => KMSClient
}

/** Seals with `kms:Encrypt`, opens with `kms:Decrypt`; the context is `{ app_id }`. */
export function kmsSecrets({ keyId, client }: KmsSecretsOptions): Sealer & Opener {
  return {
    async seal(plain, context) {
      const command = new EncryptCommand({
        KeyId: keyId,
        Plaintext: Buffer.from(plain),
        EncryptionContext: { app_id: context },
      })
      try {
        const { CiphertextBlob } = await client().send(command)
        return Buffer.from(CiphertextBlob ?? []).toString('base64')
      } catch (cause) {
        throw new AppError('STORE_UNAVAILABLE', 'The secret could not be sealed.', {}, { cause })
      }
    },
    async open(sealed, context) {
      try {
        const { Plaintext } = await client().send(
          new DecryptCommand({
            KeyId: keyId,
            CiphertextBlob: Buffer.from(sealed, 'base64'),
            EncryptionContext: { app_id: context },
          }),
        )
        return Buffer.from(Plaintext ?? []).toString('utf8')
      } catch (cause) {
        throw new AppError('SECRET_UNREADABLE', 'The stored secret cannot be opened.', {}, { cause })
      }
    },
  }
}
