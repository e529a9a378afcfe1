/** Row 13: INIT at full CPU and the first call, with one GetItem, at the CPU share of a function's memory. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleFor } from '../../scripts/bundle.ts'
import { FUNCTIONS } from '../../scripts/functionList.ts'
import { entryOf } from '../../scripts/writeBundles.ts'
import type { ProbeActions } from '../actors/functionProbe.ts'
import { type ActorOptions, startActor } from '../harness/actor.ts'
import { bundled, FUNCTION_FLAGS, temporaryFolder } from '../harness/bundled.ts'
import { cpuShare } from '../harness/cpuShare.ts'
import type { Group, Row } from '../harness/row.ts'
import { interleaved, median } from '../harness/sampling.ts'
import { tlsIdentity } from '../harness/tlsIdentity.ts'
import type { EmptyTableActions } from '../standIns/emptyTable.ts'
import { type Keep, storeEnvironment, withActors } from './fileWorld.ts'

const ROUNDS = 7
/** An unknown key costs exactly one GetItem. */
const FUNCTION = 'listUploads'
const SIZES = [
  { megabytes: 128, goal: 150 },
  { megabytes: 256, goal: 110 },
  { megabytes: 512, goal: 100 },
]
const EVENT = {
  version: '2.0',
  rawPath: '/wechat/uploads',
  rawQueryString: 'app_id=wx0123456789abcdef',
  headers: { authorization: 'Bearer sucai_0123456789abcdef' },
  requestContext: { domainName: 'api.example.com', http: { method: 'GET', path: '/wechat/uploads' } },
  isBase64Encoded: false,
}

/** Time from loading a function's file to its first answer. */
export const init: Group = { name: 'init', run: () => withActors(measure) }

async function measure(keep: Keep): Promise<Row[]> {
  const server = await keep(startActor<EmptyTableActions, unknown>('standIns/emptyTable.ts', { tls: tlsIdentity() }))
  const { url } = await server.call('facts')
  const env = {
    ...storeEnvironment(url, url),
    AWS_ENDPOINT_URL_DYNAMODB: url,
    TABLE_NAME: 'sucai',
    AWS_LAMBDA_FUNCTION_NAME: FUNCTION,
  }
  const files = {
    limit: await bundled('actors/handSigned.ts'),
    peer: fileURLToPath(new URL('../actors/usualFunction.ts', import.meta.url)),
    ours: await functionFile(),
  }
  const rows: Row[] = []
  for (const { megabytes, goal } of SIZES) {
    const share = cpuShare(megabytes)
    const sample = async (file: string, options: ActorOptions = {}): Promise<number> => {
      const settings = { ...options, env }
      const actor = await startActor<ProbeActions, { file: string }>('actors/functionProbe.ts', { file }, settings)
      try {
        const { initMs } = await actor.call('facts')
        share?.add(actor.pid)
        return initMs + (await actor.measure('invoke', EVENT)).wallMs
      } finally {
        await actor.close()
      }
    }
    const { limit, peer, ours } = await interleaved(ROUNDS, {
      limit: () => sample(files.limit),
      peer: () => sample(files.peer),
      ours: () => sample(files.ours, { flags: FUNCTION_FLAGS }),
    })
    share?.remove()
    rows.push({
      ...{ id: `13${'abc'[rows.length]}`, metric: `INIT + first call with one GetItem, ${megabytes} MB`, unit: 'ms' },
      ...{ limit: median(limit), peer: { name: 'usual SDK handler', value: median(peer) }, ours: median(ours) },
      goals: [{ atMost: goal }],
      ...(share === undefined && { note: 'no control groups here: measured at full CPU' }),
    })
  }
  return rows
}

/** The function's entry, its bundle beside it, as they are deployed. */
async function functionFile(): Promise<string> {
  const facts = FUNCTIONS.filter(({ id }) => id === FUNCTION)
  const { files, bundles } = await bundleFor('lambda', facts, { outdir: temporaryFolder() })
  const path = join(temporaryFolder(), `${FUNCTION}.mjs`)
  writeFileSync(join(temporaryFolder(), `${FUNCTION}.cjs`), files[0]?.contents ?? '')
  for (const bundle of bundles) writeFileSync(path, entryOf(bundle))
  return path
}
