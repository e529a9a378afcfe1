/** The Opener port over AWS KMS by calls that this process signs itself. */
import { AppError } from '../core/errors.ts'
import type { Opener } from '../ports/secrets.ts'
import type { AwsCaller } from './awsCaller.ts'

/** Opens with `kms:Decrypt`; the encryption context is `{ app_id }`, as `kmsSecrets` seals. */
export function signedOpener(call: () => AwsCaller): Opener {
  return {
    async open(sealed, context) {
      const input = { CiphertextBlob: sealed, EncryptionContext: { app_id: context } }
      try {
        const answer = await call()({
          target: 'TrentService.Decrypt',
          contentType: 'application/x-amz-json-1.1',
          input,
        })
        if (answer.status !== 200) throw new Error(`KMS answered ${answer.status}: ${answer.text.slice(0, 200)}`)
        const { Plaintext }: { Plaintext?: string } = JSON.parse(answer.text)
        return Buffer.from(Plaintext ?? '', 'base64').toString('utf8')
      } catch (cause) {
        throw new AppError('SECRET_UNREADABLE', 'The stored secret cannot be opened.', {}, { cause })
      }
    },
  }
}
