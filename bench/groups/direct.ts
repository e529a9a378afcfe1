/** Row 5: a file from disk into add_material. */
import type { FileTask } from '../actors/ourFiles.ts'
import type { Actor } from '../harness/actor.ts'
import type { Measurement } from '../harness/actorPort.ts'
import type { Group, Row, Tools } from '../harness/row.ts'
import { interleaved } from '../harness/sampling.ts'
import { bestPeer, mediansOf } from './contest.ts'
import { contestants, fileServers, fileTask, type Keep, withActors } from './fileWorld.ts'

const ROUNDS = 11

type Uploading = { upload: (task: FileTask) => unknown }

/** Time and CPU of one upload. */
export const direct: Group = { name: 'direct', run: tools => withActors(keep => measure(keep, tools)) }

async function measure(keep: Keep, tools: Tools): Promise<Row[]> {
  const servers = await fileServers(keep)
  const { limit, ours, peers } = await contestants(keep, servers, tools.peers)
  const task = fileTask(1)
  const upload = async (actor: Actor<Uploading>): Promise<Measurement> => {
    const measured = await actor.measure('upload', task)
    const hashes = await servers.weChat.call('posted')
    if (hashes[0] !== task.sha256) throw new Error('bytes were corrupted')
    return measured
  }
  const all = {
    limit: () => upload(limit),
    ours: () => upload(ours),
    ...Object.fromEntries([...peers].map(([name, actor]) => [name, () => upload(actor)])),
  }
  await interleaved(2, all)
  const rounds = await interleaved(ROUNDS, all)
  return (['wallMs', 'cpuMs'] as const).map((figure): Row => {
    const medians = mediansOf(rounds, figure)
    const peer = bestPeer(medians)
    const isWall = figure === 'wallMs'
    return {
      ...{
        id: isWall ? '5' : '5b',
        metric: `direct upload of 10 MB from a file: ${isWall ? 'wall' : 'CPU'}`,
        unit: 'ms',
      },
      ...{ limit: medians.limit, ...(peer && { peer }), ours: medians.ours },
      goals: [{ timesLimit: isWall ? 1.15 : 1.25 }],
    }
  })
}
