/** Whether WeChat takes an AppSecret, before it is kept. */
import type { PortsOf } from '../../core/ports.ts'

/** A secret on trial, sealed for its account. */
export interface SecretOnTrial {
  appId: string
  sealed_secret: string
  credential: 'stable_token' | 'token'
}

/**
 * Asks for a token in normal mode, which ends no other one (the classic call has no such mode). Throws WeChat's refusal
 * or `SECRET_UNREADABLE`.
 */
export async function checkSecret(
  { tokenApi, secrets }: PortsOf<'tokenApi' | 'secrets'>,
  { appId, sealed_secret, credential }: SecretOnTrial,
  signal: AbortSignal,
): Promise<{ expires_in: number }> {
  const secret = await secrets.open(sealed_secret, appId)
  const { expires_in } =
    credential === 'token'
      ? await tokenApi.classicToken(appId, secret, signal)
      : await tokenApi.stableToken(appId, secret, false, signal)
  return { expires_in }
}
