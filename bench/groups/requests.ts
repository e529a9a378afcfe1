/** Row 14: CPU of a request beside its work. */
import type { RequestActions } from '../actors/ourRequests.ts'
import { type Actor, startActor } from '../harness/actor.ts'
import type { Group, Row } from '../harness/row.ts'
import { interleaved } from '../harness/sampling.ts'
import { tlsIdentity } from '../harness/tlsIdentity.ts'
import type { EmptyTableActions } from '../standIns/emptyTable.ts'
import { mediansOf } from './contest.ts'
import { type Keep, storeEnvironment, withActors } from './fileWorld.ts'

const ROUNDS = 5
const WORKS = [
  { action: 'chain', times: 20_000, metric: 'the middleware chain', factor: 1_000, unit: 'µs', goal: 25 },
  { action: 'getItem', times: 500, metric: 'one GetItem, TLS', factor: 1, unit: 'ms', goal: 1.3 },
  { action: 'presign', times: 2_000, metric: 'one signed URL', factor: 1, unit: 'ms', goal: 0.25 },
] as const

/** Many of each, one after another. */
export const requests: Group = { name: 'requests', run: () => withActors(measure) }

async function measure(keep: Keep): Promise<Row[]> {
  const server = await keep(startActor<EmptyTableActions, unknown>('standIns/emptyTable.ts', { tls: tlsIdentity() }))
  const { url } = await server.call('facts')
  const env = { ...storeEnvironment(url, url), AWS_ENDPOINT_URL_DYNAMODB: url, TABLE_NAME: 'sucai' }
  const limit = await keep(startActor<RequestActions, null>('actors/plainRequests.ts', null, { env }))
  const options = { env, asFunction: true }
  const ours = await keep(startActor<RequestActions, null>('actors/ourRequests.ts', null, options))
  const rows: Row[] = []
  for (const { action, times, metric, factor, unit, goal } of WORKS) {
    const run = (actor: Actor<RequestActions>) => () => actor.measure(action, times)
    await interleaved(1, { limit: run(limit), ours: run(ours) })
    const medians = mediansOf(await interleaved(ROUNDS, { limit: run(limit), ours: run(ours) }), 'cpuMs')
    const each = (milliseconds: number) => (milliseconds * factor) / times
    rows.push({
      ...{ id: `14${'abc'[rows.length]}`, metric: `CPU of ${metric}`, unit },
      ...{ limit: each(medians.limit), ours: each(medians.ours), goals: [{ atMost: goal }] },
    })
  }
  return rows
}
