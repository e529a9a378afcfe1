/** Rows 10 and 11: a library of 5,000 read from its beginning to its end. */
import type { ListActions } from '../actors/ourList.ts'
import { type Actor, startActor } from '../harness/actor.ts'
import { PEERS } from '../harness/peerClients.ts'
import type { Group, Row, Tools } from '../harness/row.ts'
import { interleaved, median } from '../harness/sampling.ts'
import type { WeChatActions, WeChatSettings } from '../standIns/weChat.ts'
import { bestPeer, mediansOf } from './contest.ts'
import { type Keep, storeEnvironment, withActors } from './fileWorld.ts'

const ITEMS = 5_000
const PAGES = ITEMS / 20
const LATENCY_MS = 50
const IN_FLIGHT = 20
/** The first rounds are still compiled by V8, on both sides. */
const ROUNDS = 9
/** One after another: what a few pages take is enough to know what all would. */
const PEER_PAGES = 20

/** Calls, wall and CPU. */
export const list: Group = { name: 'list', run: tools => withActors(keep => measure(keep, tools)) }

async function measure(keep: Keep, tools: Tools): Promise<Row[]> {
  const settings = { fileBytes: 0, latencyMs: LATENCY_MS, libraryItems: ITEMS }
  const weChat = await keep(startActor<WeChatActions, WeChatSettings>('standIns/weChat.ts', settings))
  const { url: weChatUrl } = await weChat.call('facts')
  const limit = await keep(startActor<ListActions, unknown>('actors/plainList.ts', { weChatUrl }))
  const env = storeEnvironment('http://127.0.0.1:1', weChatUrl)
  // As of a function of JSON: no files, no flags.
  const options = { env, asFunction: true, entryFlags: [] }
  const ours = await keep(startActor<ListActions, null>('actors/ourList.ts', null, options))
  const task = { items: ITEMS, concurrency: IN_FLIGHT }
  const calls: number[] = []
  const read = async (actor: Actor<ListActions>) => {
    const measured = await actor.measure('list', task)
    calls.push((await weChat.call('counted')).pages)
    return measured
  }
  await limit.call('list', task)
  await ours.call('list', task)
  await weChat.call('counted')
  const own = await interleaved(ROUNDS, { limit: () => read(limit), ours: () => read(ours) })
  const peerTask = { items: PEER_PAGES * 20, concurrency: 1 }
  const peers: Record<string, { wallMs: number; cpuMs: number }> = {}
  for (const name of tools.peers ? PEERS : []) {
    const actor = await keep(startActor<ListActions, unknown>('actors/peerList.ts', { name, weChatUrl }))
    await actor.call('list', peerTask)
    peers[name] = await actor.measure('list', peerTask)
  }
  const ofPeers = (figure: 'wallMs' | 'cpuMs', factor: number) =>
    bestPeer(Object.fromEntries(Object.entries(peers).map(([name, one]) => [name, one[figure] * factor])))
  const wallPeer = ofPeers('wallMs', PAGES / PEER_PAGES)
  const cpuPeer = ofPeers('cpuMs', 1 / PEER_PAGES)
  const walls = mediansOf(own, 'wallMs')
  const cpus = mediansOf(own, 'cpuMs')
  return [
    {
      ...{ id: '10', metric: `list of ${ITEMS} at ${LATENCY_MS} ms, ${IN_FLIGHT} in flight: wall`, unit: 'ms' },
      ...{ limit: Math.ceil(PAGES / IN_FLIGHT) * LATENCY_MS, ...(wallPeer && { peer: wallPeer }), ours: walls.ours },
      goals: [{ timesLimit: 1.08 }],
      note: `limit is arithmetic; plain Node took ${walls.limit.toFixed(0)} ms`,
    },
    {
      ...{ id: '10b', metric: 'calls for it', unit: 'calls', limit: PAGES, ours: median(calls) },
      goals: [{ atMost: PAGES }],
    },
    {
      ...{ id: '11', metric: 'CPU of a listed page', unit: 'ms', limit: cpus.limit / PAGES },
      ...{ ...(cpuPeer && { peer: cpuPeer }), ours: cpus.ours / PAGES, goals: [{ timesLimit: 1.3 }] },
    },
  ]
}
