/** Row 15: what a million uploads of 2 MB a month cost, from the calls that uploads really make. */
import type { UploadActions } from '../actors/ourUpload.ts'
import { startActor } from '../harness/actor.ts'
import type { Group, Row } from '../harness/row.ts'
import type { StoreActions, StoreSettings } from '../standIns/store.ts'
import { type Keep, withActors } from './fileWorld.ts'
import { costOf, floorOf } from './prices.ts'
import { tokenServers } from './tokenWorld.ts'

const FILE_BYTES = 2 * 1_024 * 1_024
const UPLOADS = 20
/** The wire of row 2 and WeChat's answer: what a forwarder waits for, in seconds. */
const FORWARD_S = FILE_BYTES / 25e6 + 0.1
const CREATE_S = 0.02
const FUNCTION_GB = 0.256
/** A row's entry is put, moved (a removal and a put) and removed. */
const INDEX_WRITES = 4

/** Table writes, the money, and what a file that was sent before costs. */
export const cost: Group = { name: 'cost', run: () => withActors(measure) }

async function measure(keep: Keep): Promise<Row[]> {
  const store = await keep(
    startActor<StoreActions, StoreSettings>('standIns/store.ts', { fileBytes: FILE_BYTES, distinct: true }),
  )
  const { url: storeUrl } = await store.call('facts')
  const servers = await tokenServers(keep, storeUrl)
  const options = { env: servers.env, condition: 'local' as const }
  const uploader = await keep(startActor<UploadActions, null>('actors/ourUpload.ts', null, options))
  const upload = async (task: { size: number; sha256?: string }) => {
    const state = await uploader.call('upload', task)
    if (state !== 'STORED') throw new Error(`an upload ended ${state}`)
  }
  await upload({ size: FILE_BYTES })
  await Promise.all([servers.table.call('counted'), store.call('counted'), servers.weChat.call('posted')])
  for (let index = 0; index < UPLOADS; index++) await upload({ size: FILE_BYTES })
  const calls = await servers.table.call('counted')
  const objects = await store.call('counted')
  const sum = (operation: RegExp) =>
    Object.entries(calls).reduce((total, [name, count]) => total + (operation.test(name) ? count : 0), 0) / UPLOADS
  const writes = sum(/^(PutItem|DeleteItem)/)
  const reads = sum(/^(GetItem|Query)/)
  const gbSeconds = (FORWARD_S + CREATE_S) * FUNCTION_GB
  const common = {
    bytesOut: FILE_BYTES,
    puts: 1,
    gets: (objects['GET'] ?? 0) / UPLOADS,
    apiRequests: 1,
    invocations: 2,
  }
  const dollars = costOf({ ...common, gbSeconds, writes, reads })
  const withIndex = costOf({ ...common, gbSeconds, writes: writes + INDEX_WRITES, reads })
  const sent = (await servers.weChat.call('posted')).length
  if (sent !== UPLOADS) throw new Error(`${sent} of ${UPLOADS} uploads were sent`)
  await upload({ size: FILE_BYTES, sha256: await store.call('latest') })
  const again = (await servers.weChat.call('posted')).length
  return [
    {
      ...{
        id: '15a',
        metric: 'cost of 1 M uploads of 2 MB a month',
        unit: '$',
        limit: floorOf(FILE_BYTES),
        ours: dollars,
      },
      goals: [{ timesLimit: 1.035 }],
      note: `list prices, us-east-1; ${reads} reads, ${(gbSeconds).toFixed(3)} GB-s; with the due index's own ${INDEX_WRITES} writes $${withIndex.toFixed(1)}`,
    },
    { ...{ id: '15b', metric: 'table writes of an upload', unit: 'writes', ours: writes, goals: [{ atMost: 4 }] } },
    {
      ...{ id: '15c', metric: 'sendings of a file whose SHA-256 is known', unit: 'sendings', limit: 0, ours: again },
      goals: [{ atMost: 0 }],
    },
  ]
}
