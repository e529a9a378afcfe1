/**
 * `npm run package:wxcloud`: out/wxcloud/ as WeChat Cloud's tools take it, one folder a function and `cloudbaserc.json`.
 * Needs no login and no network. Fails when a bundle breaks a rule of bundleRules.ts.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFor, ROOT } from './bundle.ts'
import { sizes } from './bundleReport.ts'
import { findings } from './bundleRules.ts'
import { cloudbaserc, cloudTimes, configOf } from './cloudPackage.ts'
import { ROUTER, routerFacts } from './cloudRouter.ts'
import { devPackages } from './devPackages.ts'
import { FUNCTIONS } from './functionList.ts'
import { writeBundles } from './writeBundles.ts'

const OUT = join(ROOT, 'out')

const made = await bundleFor('wxcloud', FUNCTIONS, { outdir: OUT })
const context = { devPackages: await devPackages() }
const broken = made.bundles.flatMap(bundle => findings(bundle, context))
for (const finding of broken) process.stderr.write(`${finding}\n`)
if (broken.length > 0) process.exit(1)

await writeBundles(OUT, made)
const times = await cloudTimes(join(ROOT, 'serverless.yml'))
const functions = [...FUNCTIONS, routerFacts(FUNCTIONS)]
for (const facts of functions) await writeJson(join(OUT, 'wxcloud', facts.id), 'config.json', configOf(times, facts))
await writeJson(join(OUT, 'wxcloud'), 'cloudbaserc.json', cloudbaserc(times, functions))
process.stdout.write(sizes(made.bundles))
process.stdout.write(`${functions.length} functions in out/wxcloud; HTTP reaches all operations through ${ROUTER}\n`)

async function writeJson(folder: string, name: string, value: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
}
