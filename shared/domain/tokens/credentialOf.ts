/** The strategy of an account's credential kind. */
import { AppError } from '../../core/errors.ts'
import type { Credential, CredentialKind, Credentials } from '../../ports/credentials.ts'

/** Throws `ACCOUNT_MISCONFIGURED` for a kind that this host does not serve. */
export function credentialOf(credentials: Credentials, kind: CredentialKind): Credential {
  const credential = credentials[kind]
  if (credential) return credential
  const remedy = `choose another credential than ${kind}, which is not served here.`
  throw new AppError('ACCOUNT_MISCONFIGURED', `The account cannot get a token: ${remedy}`, { remedy })
}
