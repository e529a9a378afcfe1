/** What an endpoint is and what its action gets. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from './answer.ts'
import type { Simulator } from './simulator.ts'
import type { AccountState } from './state.ts'

/** A request as it arrived, the body whole. */
export interface Arrival {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
  /** The body was over 25 MiB and was dropped. */
  tooLarge: boolean
  /** Of the caller. */
  ip: string
}

/** What an action gets once the caller is known to be allowed to make this call. */
export interface Call extends Arrival {
  simulator: Simulator
  account: AccountState
}

/** A call that proves itself with app_id and secret, not with a token. */
export interface SecretEndpoint {
  credential: 'secret'
  method: 'GET' | 'POST'
  run(simulator: Simulator, arrival: Arrival): Outcome
}

/** A call that needs an access_token. */
export interface TokenEndpoint {
  credential: 'token'
  method: 'GET' | 'POST'
  /** Mini programs have this call too. */
  miniprogram: boolean
  run(call: Call): Outcome
}

/** One row of the dispatch table. */
export type Endpoint = SecretEndpoint | TokenEndpoint
