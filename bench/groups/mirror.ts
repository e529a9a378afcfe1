/** Row 6: media/get into the store. */
import type { FileTask } from '../actors/ourFiles.ts'
import type { Actor } from '../harness/actor.ts'
import type { Measurement } from '../harness/actorPort.ts'
import type { Group, Row } from '../harness/row.ts'
import { interleaved } from '../harness/sampling.ts'
import { mediansOf } from './contest.ts'
import { contestants, fileServers, fileTask, type Keep, withActors } from './fileWorld.ts'

const ROUNDS = 11
const MANY = 20

type Mirroring = { mirror: (task: FileTask) => unknown }

/** CPU of one, memory of many at once. No npm client streams into a store: they hand out a whole Buffer. */
export const mirror: Group = { name: 'mirror', run: () => withActors(measure) }

async function measure(keep: Keep): Promise<Row[]> {
  const servers = await fileServers(keep)
  const { limit, ours } = await contestants(keep, servers, false)
  const one = fileTask(1)
  const checked = async (measuring: Promise<Measurement>): Promise<Measurement> => {
    const measured = await measuring
    const stored = await servers.store.call('put')
    if (stored.length === 0 || stored.some(({ sha256 }) => sha256 !== one.sha256))
      throw new Error('bytes were corrupted')
    return measured
  }
  const mirrored = (actor: Actor<Mirroring>) => checked(actor.measure('mirror', one))
  const both = { limit: () => mirrored(limit), ours: () => mirrored(ours) }
  await interleaved(2, both)
  const cpu = mediansOf(await interleaved(ROUNDS, both), 'cpuMs')
  const fresh = await contestants(keep, servers, false)
  const many = fileTask(MANY)
  const megabytes = ({ peakBytes, baseBytes }: Measurement) => (peakBytes - baseBytes) / 1e6
  const plain = await checked(fresh.limit.measureMemory('mirror', many))
  const own = await checked(fresh.ours.measureMemory('mirror', many))
  return [
    {
      ...{ id: '6', metric: 'mirror of 10 MB, media/get → store, TLS: CPU', unit: 'ms' },
      ...{ limit: cpu.limit, ours: cpu.ours, goals: [{ timesLimit: 1.15 }] },
    },
    {
      ...{ id: '6b', metric: `memory over baseline, ${MANY} mirrors at once`, unit: 'MB' },
      ...{ limit: megabytes(plain), ours: megabytes(own), goals: [{ atMost: 90 }] },
    },
  ]
}
