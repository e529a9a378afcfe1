/** Rows 7 to 9: what 200 calls that need a token cost WeChat and the table. Counts, so one run is enough. */
import { PEERS } from '../harness/peerClients.ts'
import type { Group, Row, Tools } from '../harness/row.ts'
import { type Keep, withActors } from './fileWorld.ts'
import { ourProcesses, peerProcesses } from './tokenWorld.ts'

const CALLS = 200
const PROCESSES = 8

/** Fetches, failures and table calls. */
export const tokens: Group = {
  name: 'tokens',
  run: async tools => [
    ...(await withActors(keep => alone(keep, tools))),
    ...(await withActors(keep => many(keep, tools))),
  ],
}

async function alone(keep: Keep, { peers }: Tools): Promise<Row[]> {
  const { fetches, failures } = await (await ourProcesses(keep, 1)).callAll(CALLS)
  const peer = peers ? await best(name => peerCold(keep, name, 1)) : undefined
  return [
    {
      ...{ id: '7', metric: `token fetches for ${CALLS} cold calls, 1 process`, unit: 'calls', limit: 1 },
      ...{ ...(peer && { peer }), ours: fetches, goals: [{ atMost: 1 }], note: `${failures} calls failed` },
    },
  ]
}

async function many(keep: Keep, { peers, progress }: Tools): Promise<Row[]> {
  const each = CALLS / PROCESSES
  const ours = await ourProcesses(keep, PROCESSES)
  const cold = await ours.callAll(each)
  progress('tokens: all end at once')
  await ours.weChat.call('endTokens')
  const ended = await ours.callAll(each)
  const peerFetches = peers ? await best(name => peerCold(keep, name, PROCESSES)) : undefined
  const peerFailures = peers ? await best(name => peerEnded(keep, name, each)) : undefined
  const processes = `${PROCESSES} processes × ${each}`
  return [
    {
      ...{ id: '7b', metric: `the same, ${processes}`, unit: 'calls', limit: 1, ours: cold.fetches },
      ...{ ...(peerFetches && { peer: peerFetches }), goals: [{ atMost: 1 }], note: `${cold.failures} calls failed` },
    },
    {
      ...{ id: '8', metric: `calls that fail when the token dies, ${processes}`, unit: 'calls', limit: 0 },
      ...{ ...(peerFailures && { peer: peerFailures }), ours: ended.failures, goals: [{ atMost: 0 }] },
    },
    {
      ...{ id: '8b', metric: 'token fetches for it', unit: 'calls', limit: 1, ours: ended.fetches },
      goals: [{ atMost: 1 }],
    },
    {
      ...{ id: '9', metric: `table calls to share the token, ${processes} cold`, unit: 'calls', limit: 10 },
      ...{ ours: cold.tokenCalls, goals: [{ atMost: 24 }] },
      note: `${cold.otherCalls} more about quotas and the account`,
    },
  ]
}

async function peerCold(keep: Keep, name: (typeof PEERS)[number], processes: number): Promise<number> {
  return (await (await peerProcesses(keep, name, processes)).callAll(CALLS / processes)).fetches
}

async function peerEnded(keep: Keep, name: (typeof PEERS)[number], each: number): Promise<number> {
  const peer = await peerProcesses(keep, name, PROCESSES)
  await peer.callAll(1)
  await peer.weChat.call('endTokens')
  return (await peer.callAll(each)).failures
}

async function best(measure: (name: (typeof PEERS)[number]) => Promise<number>) {
  const found: { name: string; value: number }[] = []
  for (const name of PEERS) found.push({ name, value: await measure(name) })
  return found.sort((a, b) => a.value - b.value)[0]
}
