/** The simulator as a part of a local stack. */
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { type RunningSimulator, startSimulator } from '../wechat/startSimulator.ts'
import type { AccountEntry } from './accountsFile.ts'
import { onPort } from './portTaken.ts'
import type { Settings } from './settings.ts'

/** The simulated accounts are for trying things all day. */
const SIMULATED_CALLS_PER_DAY = 1_000_000

/** A simulator that knows `accounts` and keeps its state in the data directory. Rejects with `PortTaken`. */
export function simulator(
  { ports, dataDir }: Settings,
  accounts: AccountEntry[],
  clock: Clock,
): Promise<RunningSimulator> {
  return onPort('WECHAT_PORT', ports.wechat, port =>
    startSimulator({
      port,
      dataDir: `${dataDir}/wechat`,
      clock,
      random: systemRandom,
      accounts: accounts.map(({ app_id, secret, kind }) => ({
        appId: app_id,
        secret,
        quotas: { '*': SIMULATED_CALLS_PER_DAY },
        ...(kind === 'mini_program' && { kind: 'miniprogram' as const }),
      })),
    }),
  )
}
