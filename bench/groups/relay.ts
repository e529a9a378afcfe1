/** Rows 1 to 4: an object of the store into add_material. */
import type { FileTask } from '../actors/ourFiles.ts'
import type { Actor } from '../harness/actor.ts'
import { startActor } from '../harness/actor.ts'
import type { Measurement } from '../harness/actorPort.ts'
import type { Group, Row, Tools } from '../harness/row.ts'
import { interleaved, median } from '../harness/sampling.ts'
import type { ShaperActions, ShaperSettings } from '../standIns/shaper.ts'
import { bestPeer, mediansOf, type Relaying } from './contest.ts'
import { contestants, FILE_BYTES, fileServers, fileTask, type Keep, withActors } from './fileWorld.ts'
import { relayShares } from './relayShares.ts'

const WARM_ROUNDS = 9
const WIRES = [
  { down: 25e6, up: 25e6, name: '25/25 MB/s' },
  { down: 50e6, up: 10e6, name: '50/10 MB/s' },
]
const MANY = 20

/** Time, CPU and memory of the relay. */
export const relay: Group = {
  name: 'relay',
  run: async tools => [
    ...(await withActors(keep => overTls(keep, tools))),
    ...(await withActors(overWires)),
    ...(await withActors(relayShares)),
  ],
}

async function overTls(keep: Keep, tools: Tools): Promise<Row[]> {
  const servers = await fileServers(keep)
  const { limit, ours, peers } = await contestants(keep, servers, tools.peers)
  const one = fileTask(1)
  const checked = async (run: () => Promise<Measurement>): Promise<Measurement> => {
    const measured = await run()
    const hashes = await servers.weChat.call('posted')
    if (hashes.length === 0 || hashes.some(hash => hash !== one.sha256)) throw new Error('bytes were corrupted')
    return measured
  }
  const relayed = (actor: Actor<Relaying>, task = one) => checked(() => actor.measure('relay', task))

  tools.progress('relay: first call')
  const first = { limit: await relayed(limit), ours: await relayed(ours) }
  for (const actor of peers.values()) await relayed(actor)
  tools.progress('relay: warm')
  const warm = await interleaved(WARM_ROUNDS, {
    limit: () => relayed(limit),
    ours: () => relayed(ours),
    ...Object.fromEntries([...peers].map(([name, actor]) => [name, () => relayed(actor)])),
  })
  const walls = mediansOf(warm, 'wallMs')
  const cpus = mediansOf(warm, 'cpuMs')
  const wallPeer = bestPeer(walls)
  const cpuPeer = bestPeer(cpus)
  tools.progress('relay: memory')
  const memory = { one: await memoryOf(keep, servers, one), many: await memoryOf(keep, servers, fileTask(MANY)) }
  return [
    {
      ...{ id: '1', metric: 'relay of 10 MB, store → add_material, TLS, warm: wall', unit: 'ms' },
      ...{ limit: walls.limit, ...(wallPeer && { peer: wallPeer }), ours: walls.ours },
      goals: [{ timesLimit: 1.1 }, { timesPeer: 0.65 }],
    },
    {
      ...{ id: '1b', metric: 'the same, first call of a process: wall', unit: 'ms' },
      ...{ limit: first.limit.wallMs, ours: first.ours.wallMs, goals: [] },
    },
    {
      ...{ id: '3', metric: 'CPU of a relayed 10 MB, TLS', unit: 'ms' },
      ...{ limit: cpus.limit, ...(cpuPeer && { peer: cpuPeer }), ours: cpus.ours },
      goals: [{ timesLimit: 1.25 }],
    },
    ...memory.one('4', `memory over baseline, one relay`, 24),
    ...memory.many('4b', `memory over baseline, ${MANY} relays at once`, 90),
  ]
}

/** Fresh processes that have loaded everything and moved nothing yet: the baseline is what a function holds after INIT. */
async function memoryOf(keep: Keep, servers: { storeUrl: string; weChatUrl: string }, task: FileTask) {
  const { limit, ours } = await contestants(keep, servers, false)
  const [plain, own] = [await limit.measureMemory('relay', task), await ours.measureMemory('relay', task)]
  const megabytes = (bytes: number) => bytes / 1e6
  return (id: string, metric: string, goal: number): Row[] => [
    {
      ...{ id, metric, unit: 'MB', limit: megabytes(plain.peakBytes - plain.baseBytes) },
      ...{ ours: megabytes(own.peakBytes - own.baseBytes), goals: [{ atMost: goal }] },
    },
    ...(task.files === 1
      ? [
          {
            ...{ id: '4a', metric: 'highest RSS of one relay', unit: 'MB', limit: megabytes(plain.peakBytes) },
            ...{ ours: megabytes(own.peakBytes), goals: [{ atMost: 110 }] },
          },
        ]
      : []),
  ]
}

async function overWires(keep: Keep): Promise<Row[]> {
  const servers = await fileServers(keep)
  const rows: Row[] = []
  for (const { down, up, name } of WIRES) {
    const shaped = async (target: string) => {
      const settings = { target, downBytesPerSecond: down, upBytesPerSecond: up }
      const shaper = await keep(startActor<ShaperActions, ShaperSettings>('standIns/shaper.ts', settings))
      return (await shaper.call('facts')).url
    }
    const wire = { storeUrl: await shaped(servers.storeUrl), weChatUrl: await shaped(servers.weChatUrl) }
    const { limit, ours } = await contestants(keep, wire, false)
    const task = fileTask(1)
    await limit.call('relay', task)
    await ours.call('relay', task)
    const { plain, own } = await interleaved(3, {
      plain: () => limit.measure('relay', task),
      own: () => ours.measure('relay', task),
    })
    const wall = (measured: Measurement[]) => median(measured.map(({ wallMs }) => wallMs))
    rows.push({
      ...{ id: rows.length === 0 ? '2' : '2b', metric: `the same over a wire of ${name}: wall`, unit: 'ms' },
      ...{ limit: (FILE_BYTES / Math.min(down, up)) * 1_000, ours: wall(own), goals: [{ timesLimit: 1.03 }] },
      note: `limit is arithmetic; plain Node took ${wall(plain).toFixed(0)} ms`,
    })
  }
  return rows
}
