/** `npm run simulator`: the simulator with the demo account, until Ctrl-C. */
import { parseArgs } from 'node:util'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { DEMO_ACCOUNT } from './demoAccount.ts'
import { startSimulator } from './startSimulator.ts'

const DEFAULT_PORT = '3003'
/** The demo account is for trying things all day. */
const DEMO_CALLS_PER_DAY = 1_000_000

const { values } = parseArgs({ options: { port: { type: 'string' }, 'data-dir': { type: 'string' } } })
const { env } = process
const port = Number(values.port ?? env['WECHAT_PORT'] ?? env['PORT'] ?? DEFAULT_PORT)
const dataDir = values['data-dir'] ?? env['DATA_DIR']

const simulator = await startSimulator({
  port,
  clock: systemClock,
  random: systemRandom,
  accounts: [{ appId: DEMO_ACCOUNT.appId, secret: DEMO_ACCOUNT.secret, quotas: { '*': DEMO_CALLS_PER_DAY } }],
  ...(dataDir && { dataDir }),
}).catch((error: unknown) => {
  console.error(`The simulator cannot start: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
})
console.log(`WeChat simulator: ${simulator.url} (account ${DEMO_ACCOUNT.appId}, ${dataDir ?? 'nothing is kept'})`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close())
}
