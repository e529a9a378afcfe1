/** Row 18: what a packaged function of WeChat Cloud costs to load, on its lowest runtime and on ours. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { SDK_FILE } from '../../scripts/cloudSdk.ts'
import { lowestNode } from '../../scripts/nodes.ts'
import { writeCloudPackage } from '../../scripts/writeCloudPackage.ts'
import { temporaryFolder } from '../harness/bundled.ts'
import type { Group, Row, Tools } from '../harness/row.ts'
import { median } from '../harness/sampling.ts'

const ROUNDS = 5
const GOAL_MS = 150

/** In a fresh process: `require` of one file, in wall and CPU time; the platform's own code is there before it. */
const PROBE = `
  const cpu = process.cpuUsage(), start = performance.now()
  require(process.argv[1])
  const wallMs = performance.now() - start, { user, system } = process.cpuUsage(cpu)
  console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, version: process.versions.node }))
  process.exit(0)
`
const Loaded = z.object({ wallMs: z.number(), cpuMs: z.number(), version: z.string() })

/** Loading of every function that `npm run package:wxcloud` makes. */
export const wxcloud: Group = { name: 'wxcloud', run: measure }

async function measure({ progress }: Tools): Promise<Row[]> {
  const outdir = temporaryFolder()
  const { bundles } = await writeCloudPackage(outdir)
  const folders = bundles.filter(({ id }) => id !== SDK_FILE).map(({ id }) => join(outdir, 'wxcloud', id))
  const sdk = folders.map(folder => join(folder, SDK_FILE)).find(existsSync) ?? ''
  return [...new Set([lowestNode(), process.execPath])].flatMap((node, index) => {
    progress(`${folders.length} functions, ${ROUNDS} times each, on ${node}`)
    return rowsOf(node, { files: [...folders, sdk], letters: index === 0 ? 'ab' : 'cd' })
  })
}

/** The slowest function; what the SDK beside it takes at the first use of a store is in the note. */
function rowsOf(node: string, { files, letters }: { files: readonly string[]; letters: string }): Row[] {
  const samples = new Map(files.map(file => [file, [] as z.infer<typeof Loaded>[]]))
  // Round by round: what disturbs the machine disturbs all alike.
  for (let round = 0; round < ROUNDS; round++) for (const [file, taken] of samples) taken.push(load(node, file))
  const version = [...samples.values()][0]?.[0]?.version
  return (['cpuMs', 'wallMs'] as const).map((measured, index): Row => {
    const medians = [...samples].map(([file, taken]) => ({ file, ms: median(taken.map(one => one[measured])) }))
    const functions = medians.filter(({ file }) => !file.endsWith(SDK_FILE))
    const slowest = functions.reduce((a, b) => (a.ms > b.ms ? a : b))
    const sdk = medians.find(({ file }) => file.endsWith(SDK_FILE))?.ms ?? 0
    const what = measured === 'cpuMs' ? 'CPU' : 'wall'
    return {
      ...{
        id: `18${letters[index]}`,
        metric: `WeChat Cloud: slowest of ${functions.length} functions to load, Node ${version}: ${what}`,
      },
      ...{ unit: 'ms', ours: slowest.ms, goals: [{ atMost: GOAL_MS }] },
      note: `${slowest.file.split(/[\\/]/).at(-1)}; median of all ${median(functions.map(({ ms }) => ms)).toFixed(0)}, the SDK at the first use of a store ${sdk.toFixed(0)} more`,
    }
  })
}

const load = (node: string, file: string) =>
  Loaded.parse(JSON.parse(execFileSync(node, ['-e', PROBE, file], { encoding: 'utf8' })))
