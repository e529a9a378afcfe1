/**
 * Uploads under random faults. `SIMULATION_SEEDS=2000 npx vitest run test/simulation` tries more of them,
 * `SIMULATION_FIRST=<seed> SIMULATION_SEEDS=1` one again.
 */
import { expect, it } from 'vitest'
import { AppError } from '../../shared/core/errors.ts'
import { unconditional } from '../support/brokenTables.ts'
import { faultCounts } from './faultCounts.ts'
import { type Sabotage, simulateUploads } from './uploadSimulation.ts'

const FIRST = Number(process.env['SIMULATION_FIRST'] ?? 1)
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 40)
const TWIN_SEEDS = 12
const SEED_MS = 3_000

it(
  'nothing is lost, nothing is there twice, nobody waits for another account',
  async () => {
    const struck = faultCounts()
    let uploads = 0
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const outcome = await simulateUploads(seed)
      expect(outcome.violations, `seed ${seed}`).toEqual([])
      struck.add(outcome.struck)
      uploads += outcome.uploads
    }
    if (SEEDS < 10) return
    if (SEEDS > 100) struck.report(`${SEEDS} seeds, ${uploads} uploads`)
    expect(struck.missing()).toEqual([])
  },
  Math.max(120_000, SEEDS * SEED_MS),
)

it.each([300_513, 301_595])('seed %i, which once found a file sent twice, finds nothing', async seed => {
  expect((await simulateUploads(seed)).violations).toEqual([])
})

const TWINS: [string, Sabotage][] = [
  [
    'the list is not read back',
    ({ wechat }) => ({
      wechat: {
        ...wechat,
        material: appId => ({
          ...wechat.material(appId),
          list: async () => ({ total_count: 0, item_count: 0, item: [] }),
        }),
      },
    }),
  ],
  [
    'good files are refused',
    ({ wechat }) => ({
      wechat: {
        ...wechat,
        material: appId => ({
          ...wechat.material(appId),
          add: () => Promise.reject(new AppError('WECHAT_REFUSED', 'WeChat did not take the file.')),
        }),
      },
    }),
  ],
  ['writes have no condition', ({ table }) => ({ table: unconditional(table) })],
]

it.each(TWINS)(
  'finds it when %s',
  async (_what, sabotage) => {
    const found: string[] = []
    for (let seed = 1; seed <= TWIN_SEEDS && found.length === 0; seed++) {
      found.push(...(await simulateUploads(seed, sabotage)).violations)
    }
    expect(found.length).toBeGreaterThan(0)
  },
  TWIN_SEEDS * SEED_MS * 2,
)
