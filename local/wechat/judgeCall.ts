/**
 * The order of checks, written down once (wechat-api.md §0.2):
 *
 *   transport (412, in startSimulator) → path 40066 → method 43001/43002
 *   → access_token 41001 40014 40001 42001  (token calls: appid, secret, then the IP 40164)
 *   → standing 50002 → permission 48001 → quota 45009 45011 → body 41005 44002 47001 → fields
 */
import { type Answer, outcomeAnswer, refusalAnswer } from './answer.ts'
import type { Arrival, TokenEndpoint } from './endpoint.ts'
import { ENDPOINTS } from './endpoints.ts'
import { spendQuota } from './quotas.ts'
import { Refusal } from './refusal.ts'
import { cloudAccount } from './sidecar.ts'
import type { Simulator } from './simulator.ts'
import type { AccountState } from './state.ts'
import { checkToken } from './tokens.ts'

/** Executes a call and answers it; a refused call has changed nothing but its quota. */
export function judgeCall(simulator: Simulator, arrival: Arrival): Answer {
  const dress = accountOf(simulator, arrival)?.settings ?? { okInPayloads: false, errmsgFirst: false }
  try {
    return outcomeAnswer(runCall(simulator, arrival), dress)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { random } = simulator
    return refusalAnswer(error, { random, now: simulator.now(), errmsgFirst: dress.errmsgFirst })
  }
}

/** The account a call is about, whether or not its credentials are in order. */
export function accountOf(simulator: Simulator, { query, body, path }: Arrival): AccountState | undefined {
  const { state, sidecar } = simulator
  const token = state.tokens.get(query.get('access_token') ?? '')
  const inBody = path === '/cgi-bin/stable_token' ? /"appid"\s*:\s*"(\w+)"/.exec(body.toString('utf8'))?.[1] : undefined
  return state.accounts.get(token?.appId ?? query.get('appid') ?? inBody ?? sidecar?.appId ?? '')
}

function runCall(simulator: Simulator, arrival: Arrival) {
  const endpoint = ENDPOINTS.get(arrival.path)
  if (!endpoint) throw new Refusal(40066)
  if (arrival.method !== endpoint.method) throw new Refusal(endpoint.method === 'GET' ? 43001 : 43002)
  if (endpoint.credential === 'secret') return endpoint.run(simulator, arrival)
  const account = simulator.state.accounts.get(callerOf(simulator, arrival.query))
  if (!account) throw new Refusal(40001)
  checkStanding(account, endpoint, arrival.path)
  spendQuota(account, arrival.path, simulator.now())
  return endpoint.run({ ...arrival, simulator, account })
}

/** The app_id behind a call's credential: the platform's own, else an access_token. */
const callerOf = (simulator: Simulator, query: URLSearchParams): string =>
  cloudAccount(simulator.sidecar, query) ?? checkToken(simulator, query.get('access_token')).appId

function checkStanding({ settings }: AccountState, endpoint: TokenEndpoint, path: string): void {
  if (settings.frozen) throw new Refusal(50002)
  if (settings.kind === 'miniprogram' && !endpoint.miniprogram) throw new Refusal(48001)
  if (Array.isArray(settings.revoked) ? settings.revoked.includes(path) : settings.revoked) throw new Refusal(48001)
}
