/** A client of ours whose WeChat is a bare socket. */
import { afterEach } from 'vitest'
import { weChatClient } from '../../../shared/wechat/client.ts'
import { undiciTransport } from '../../../shared/wechat/transport.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { virtualClock } from '../../support/virtualClock.ts'
import { fakeTokens, NOW, noQuotas } from './fakes.ts'
import { type Respond, wireServer } from './wireServer.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** The client, its server and its tokens, closed after the test; pauses between tries are over at once. */
export async function wireClient(respond: Respond) {
  const server = await wireServer(respond)
  const transport = undiciTransport({ baseUrl: server.url })
  closing.push(
    () => transport.close(),
    () => server.close(),
  )
  const tokens = fakeTokens()
  const clock = { ...virtualClock(NOW), sleep: async () => undefined }
  const client = weChatClient({ transport, tokens, quotas: noQuotas, clock, random: seededRandom(7) })
  return { server, tokens, client }
}
