/** Tries degraded accounts once an hour, so that they come back also when nobody calls. */
import { findAccount } from '../../core/account.ts'
import { asAppError } from '../../core/errors.ts'
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import { sweepDue } from '../due/sweepDue.ts'
import { FAULT_QUEUE } from './refusalRow.ts'

/** Makes a call that changes nothing for each account whose fault may be mended by now; its outcome is the `Quotas` port's. */
export async function probeFaults(ports: PortsOf<'table' | 'wechat'>, call: Call): Promise<void> {
  const work = ({ pk }: { pk: string }) => probe(ports, pk.slice('PARK#'.length), call.signal)
  await sweepDue(ports, { queue: FAULT_QUEUE, work }, call)
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
