/** Row 1 again, at the CPU share that Lambda gives a function of 128, 256 and 512 MB. */
import { cpuShare } from '../harness/cpuShare.ts'
import type { Row } from '../harness/row.ts'
import { interleaved, median } from '../harness/sampling.ts'
import { contestants, fileServers, fileTask, type Keep } from './fileWorld.ts'

const SIZES = [128, 256, 512]
const ROUNDS = 3

/** One line a size; none where this process may make no control groups. */
export async function relayShares(keep: Keep): Promise<Row[]> {
  const servers = await fileServers(keep)
  const task = fileTask(1)
  const rows: Row[] = []
  for (const megabytes of SIZES) {
    const share = cpuShare(megabytes)
    if (!share) return []
    // Each on its own, in a group of its own: they run one after another.
    const { limit, ours } = await contestants(keep, servers, false)
    for (const actor of [limit, ours]) {
      await actor.call('relay', task)
      share.add(actor.pid)
    }
    const walls = await interleaved(ROUNDS, {
      limit: async () => (await limit.measure('relay', task)).wallMs,
      ours: async () => (await ours.measure('relay', task)).wallMs,
    })
    await Promise.all([limit.close(), ours.close()])
    share.remove()
    rows.push({
      ...{
        id: `1${'cde'[rows.length]}`,
        metric: `the same at the CPU share of ${megabytes} MB, warm: wall`,
        unit: 'ms',
      },
      ...{ limit: median(walls.limit), ours: median(walls.ours), goals: [] },
    })
  }
  return rows
}
