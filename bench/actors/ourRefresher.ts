/** The refresher's handler behind Lambda's Invoke API, so that callers reach it through the same call as in AWS. */
import { randomUUID } from 'node:crypto'
import { accountRow } from '../../shared/core/account.ts'
import { table } from '../../shared/hosts/aws/table.ts'
import { sealer } from '../../shared/hosts/local/secrets.ts'
import { chunksOf, listen, sendJson } from '../standIns/server.ts'
import { APP_ID } from './ourWeChat.ts'

const RUN_MS = 29_000
const SECRET = '0123456789abcdef0123456789abcdef'

interface RefreshFunction {
  main(event: unknown, context: { awsRequestId: string; getRemainingTimeInMillis(): number }): Promise<unknown>
}

/** Its actions. */
export type RefresherActions = Awaited<ReturnType<typeof start>>

/** Writes the account's row and listens; table and WeChat come from the environment. Wants the condition `local`. */
export async function start() {
  const { main }: RefreshFunction = await import('../../functions/refreshToken.ts')
  await table().put(
    accountRow({
      ...{ app_id: APP_ID, name: '演示', kind: 'official', articles: 'draft', limits: 'current' },
      ...{ credential: 'stable_token', sealed_secret: await sealer().seal(SECRET, APP_ID) },
    }),
    0,
  )
  const url = await listen(undefined, async (request, response) => {
    const event: unknown = JSON.parse(Buffer.concat(await chunksOf(request)).toString('utf8'))
    const end = performance.now() + RUN_MS
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => end - performance.now() }
    sendJson(response, await main(event, context))
  })
  return { facts: () => ({ url }) }
}
