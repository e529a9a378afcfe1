/** Tries degraded accounts once an hour, so that they come back also when nobody calls. */
import { findAccount } from '../../core/account.ts'
import { asAppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import { FAULT_QUEUE } from './refusalRow.ts'

const BATCH = 100
const IN_FLIGHT = 5
const MIN_REMAINING_MS = 20_000

/** Makes a call that changes nothing for each account whose fault may be mended by now; its outcome is the `Quotas` port's. */
export async function probeFaults(ports: PortsOf<'table' | 'wechat'>, call: Call): Promise<void> {
  const { table, clock } = ports
  const due = await table.due(FAULT_QUEUE, clock.now(), BATCH, call.signal)
  const worker = async () => {
    for (let next = due.shift(); next && call.remaining() > MIN_REMAINING_MS; next = due.shift()) {
      await probe(ports, next.pk.slice('PARK#'.length), call.signal)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

async function probe({ table, wechat, log }: PortsOf<'table' | 'wechat'>, appId: string, signal: AbortSignal) {
  try {
    const account = await findAccount(table, appId, signal)
    // A mini program has no library to count: its next call tells.
    if (account?.data.kind === 'official') await wechat.material(appId).count(signal)
  } catch (error) {
    log.info('an account is still degraded', { app_id: appId, code: asAppError(error).code })
  }
}
