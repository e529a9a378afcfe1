/** The checks of the two token calls, which take app_id and secret (wechat-api.md §1). */
import type { Arrival } from './endpoint.ts'
import { spendQuota } from './quotas.ts'
import { Refusal } from './refusal.ts'
import type { Simulator } from './simulator.ts'
import type { AccountState } from './state.ts'

/** What a token call says. */
export interface Credentials {
  grantType: unknown
  appId: unknown
  secret: unknown
  /** 40001 at `/token`, 40125 at `/stable_token`: each page lists its own. */
  wrongSecretErrcode: number
}

/** The account of a token call that may get a token; throws `Refusal` for one that may not. */
export function checkCredentials(simulator: Simulator, arrival: Arrival, credentials: Credentials): AccountState {
  const { grantType, appId, secret, wrongSecretErrcode } = credentials
  if (grantType !== 'client_credential') throw new Refusal(40002)
  if (typeof appId !== 'string' || appId === '') throw new Refusal(41002)
  if (typeof secret !== 'string' || secret === '') throw new Refusal(41004)
  const account = simulator.state.accounts.get(appId)
  if (!account) throw new Refusal(40013)
  const { settings } = account
  if (settings.secret !== secret) throw new Refusal(wrongSecretErrcode)
  if (settings.secretFrozen) throw new Refusal(40243)
  if (settings.ipBlocked) {
    const ip = arrival.ip.replace('::ffff:', '')
    throw new Refusal(40164, { text: `invalid ip ${ip} ipv6 ::ffff:${ip}, not in whitelist` })
  }
  if (settings.frozen) throw new Refusal(50002)
  spendQuota(account, arrival.path, simulator.now())
  return account
}
