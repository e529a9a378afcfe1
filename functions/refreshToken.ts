/** The one function that may open an AppSecret: fetches access_tokens and writes their rows. */
import { credentials, secrets, serve, table } from '#host'
import { job } from '../shared/core/operation.ts'
import { answering } from '../shared/core/remoteAnswer.ts'
import { RefreshCall } from '../shared/core/schemas/calls.ts'
import { checkSecret } from '../shared/domain/tokens/checkSecret.ts'
import { forceToken } from '../shared/domain/tokens/forceToken.ts'
import { renewDueTokens } from '../shared/domain/tokens/renewDueTokens.ts'
import { renewToken } from '../shared/domain/tokens/renewToken.ts'

export const refreshToken = job({
  id: 'refreshToken',
  summary: 'Renews access_tokens before they expire, or one that WeChat refused',
  triggers: ['schedule', 'call'],
  needs: ['table', 'credentials', 'secrets'],
  run: async (event, ports, call) => {
    if (event.trigger === 'schedule') return { renewed: await renewDueTokens(ports, call) }
    const {
      app_id: appId,
      failed_generation: failedGeneration,
      unchanged,
      seen,
      force,
      check,
    } = RefreshCall.parse(event).payload
    const { signal } = call
    if (check) return answering(() => checkSecret(ports, { appId, ...check }, signal))
    if (force) return answering(() => forceToken(ports, appId, call))
    const why = {
      ...(failedGeneration && { failedGeneration }),
      ...(unchanged && { unchanged }),
      ...(seen !== undefined && { seen }),
    }
    return { outcome: await renewToken(ports, { appId, ...why, signal }) }
  },
})

export const main = serve(refreshToken, { table, credentials, secrets })
