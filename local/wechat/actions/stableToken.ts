/** `POST /cgi-bin/stable_token`: the same token until it must be renewed, or a forced new one (wechat-api.md §1.2). */
import type { Outcome } from '../answer.ts'
import { checkCredentials } from '../credentials.ts'
import type { Arrival } from '../endpoint.ts'
import { jsonBody } from '../jsonBody.ts'
import type { Simulator } from '../simulator.ts'
import { stableToken as currentToken, mayForce, mintToken } from '../tokens.ts'

/** Answers the remaining life; a forced call outside its guards answers like a normal one. */
export function stableToken(simulator: Simulator, arrival: Arrival): Outcome {
  const body = jsonBody(arrival.body)
  const account = checkCredentials(simulator, arrival, {
    grantType: body['grant_type'],
    appId: body['appid'],
    secret: body['secret'],
    wrongSecretErrcode: 40125,
  })
  const token =
    body['force_refresh'] === true && mayForce(simulator, account)
      ? mintToken(simulator, account, { family: 'stable', forced: true })
      : currentToken(simulator, account)
  const remaining = Math.floor((token.expiresAt - simulator.now()) / 1000)
  return { json: { access_token: token.value, expires_in: remaining } }
}
