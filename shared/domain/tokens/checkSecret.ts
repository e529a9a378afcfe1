/** Whether WeChat takes an AppSecret, before it is kept. */
import type { PortsOf } from '../../core/ports.ts'
import type { CredentialKind } from '../../ports/credentials.ts'
import { credentialOf } from './credentialOf.ts'

/** A secret on trial, sealed for its account. */
export interface SecretOnTrial {
  appId: string
  sealed_secret: string
  credential: CredentialKind
}

/**
 * Asks for a token without force, which ends no other one (the classic call has no such mode). Throws WeChat's refusal
 * or `SECRET_UNREADABLE`.
 */
export async function checkSecret(
  { credentials, secrets }: PortsOf<'credentials' | 'secrets'>,
  { appId, sealed_secret, credential }: SecretOnTrial,
  signal: AbortSignal,
): Promise<{ expires_in: number }> {
  const secret = () => secrets.open(sealed_secret, appId)
  const { expires_in } = await credentialOf(credentials, credential).issue({ appId, secret, force: false }, signal)
  return { expires_in }
}
