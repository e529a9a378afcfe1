/** The scheduled half of token custody: renews every token that is due, a few at a time. */
import type { Call } from '../../core/operation.ts'
import { type RenewPorts, renewToken } from './renewToken.ts'
import { TOKEN_QUEUE } from './tokenRow.ts'

const BATCH = 100
const IN_FLIGHT = 20
const MIN_REMAINING_MS = 5_000

/** Renews due tokens until none is left or the time is up; answers how many it renewed. */
export async function renewDueTokens(ports: RenewPorts, call: Call): Promise<number> {
  const { table, clock, log } = ports
  let renewed = 0
  const seen = new Set<string>()
  while (call.remaining() > MIN_REMAINING_MS) {
    // A token that stays due (WeChat gave the same one again) must not hide those behind it.
    const due = await table.due(TOKEN_QUEUE, clock.now(), BATCH + seen.size, call.signal)
    const fresh = due.filter(({ pk }) => !seen.has(pk))
    if (fresh.length === 0) break
    for (const { pk } of fresh) seen.add(pk)
    const worker = async () => {
      for (let next = fresh.shift(); next && call.remaining() > MIN_REMAINING_MS; next = fresh.shift()) {
        const appId = next.pk.slice('TOKEN#'.length)
        try {
          if ((await renewToken(ports, { appId, signal: call.signal })) === 'renewed') renewed++
        } catch (error) {
          log.error('a token could not be renewed', { app_id: appId, error })
        }
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  }
  return renewed
}
