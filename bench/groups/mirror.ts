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
/** Fans' pictures are about so large. */
const USUAL_BYTES = 100_000
const CROWD = 200
/** media/s: 100,000 that wait are copied by one process in the half hour that WeChat may be up. */
const ENOUGH = 56

type Mirroring = { mirror: (task: FileTask) => unknown }

/** CPU of one, memory of many at once, throughput. No npm client streams into a store: they hand out a whole Buffer. */
export const mirror: Group = {
  name: 'mirror',
  run: async () => [...(await withActors(measure)), ...(await withActors(measureMany))],
}

/** How many media of a usual size one process mirrors. */
async function measureMany(keep: Keep): Promise<Row[]> {
  const servers = await fileServers(keep, USUAL_BYTES)
  const { limit, ours } = await contestants(keep, servers, false)
  const task = fileTask(CROWD, USUAL_BYTES)
  const mirrored = async (actor: Actor<{ mirrorMany: (task: FileTask) => unknown }>): Promise<Measurement> => {
    const measured = await actor.measure('mirrorMany', task)
    const stored = await servers.store.call('put')
    if (stored.length !== CROWD || stored.some(({ sha256 }) => sha256 !== task.sha256))
      throw new Error('bytes were lost or corrupted')
    return measured
  }
  const both = { limit: () => mirrored(limit), ours: () => mirrored(ours) }
  await interleaved(2, both)
  const wall = mediansOf(await interleaved(ROUNDS, both), 'wallMs')
  const perSecond = (ms: number) => (CROWD * 1000) / ms
  const megabytes = (ms: number) => (perSecond(ms) * USUAL_BYTES) / 1e6
  const metric = `mirror of ${CROWD} media of 100 kB, 20 at once, TLS`
  return [
    {
      ...{ id: '6c', metric: `${metric}: throughput`, unit: 'media/s', goals: [{ atLeast: ENOUGH }] },
      ...{ limit: perSecond(wall.limit), ours: perSecond(wall.ours) },
      note: 'rows, claims, index and SHA-256 included; the limit pipes bytes only',
    },
    {
      ...{ id: '6d', metric: `${metric}: bytes`, unit: 'MB/s', goals: [{ atLeast: (ENOUGH * USUAL_BYTES) / 1e6 }] },
      ...{ limit: megabytes(wall.limit), ours: megabytes(wall.ours) },
    },
  ]
}

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
