/** `GET /cgi-bin/token`: a new classic token with each call (wechat-api.md §1.1). */
import type { Outcome } from '../answer.ts'
import { checkCredentials } from '../credentials.ts'
import type { Arrival } from '../endpoint.ts'
import type { Simulator } from '../simulator.ts'
import { TOKEN_LIFE_MS } from '../state.ts'
import { mintToken } from '../tokens.ts'

/** Mints; the token before lives five more minutes. */
export function token(simulator: Simulator, arrival: Arrival): Outcome {
  const { query } = arrival
  const account = checkCredentials(simulator, arrival, {
    grantType: query.get('grant_type'),
    appId: query.get('appid'),
    secret: query.get('secret'),
    wrongSecretErrcode: 40001,
  })
  const minted = mintToken(simulator, account, { family: 'classic', forced: false })
  return { json: { access_token: minted.value, expires_in: TOKEN_LIFE_MS / 1000 } }
}
