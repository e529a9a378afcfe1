/**
 * `npm run build`: every function as one file for each cloud, into out/lambda/<id>.cjs and out/wxcloud/<id>/index.js.
 * `--check` writes nothing, `--report` neither, but tells what is inside; all fail when a bundle breaks a rule of
 * bundleRules.ts. `--sourcemap` adds source maps, `--host lambda` builds for one cloud alone.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleFor, HOSTS, ROOT } from './bundle.ts'
import { contents, sizes } from './bundleReport.ts'
import { findings } from './bundleRules.ts'
import { devPackages } from './devPackages.ts'
import { FUNCTIONS } from './functionList.ts'
import { writeBundles } from './writeBundles.ts'

const OUT = join(ROOT, 'out')

const { values } = parseArgs({
  options: {
    check: { type: 'boolean' },
    host: { type: 'string' },
    report: { type: 'boolean' },
    sourcemap: { type: 'boolean' },
  },
})

const options = { outdir: OUT, sourcemap: values.sourcemap ?? false }
const made = await Promise.all(
  HOSTS.filter(host => values.host === undefined || host === values.host).map(host =>
    bundleFor(host, FUNCTIONS, options),
  ),
)
for (const one of made) {
  if (values.report) process.stdout.write(contents(one.bundles))
  else if (!values.check) {
    await writeBundles(OUT, one)
    process.stdout.write(sizes(one.bundles))
  }
}

const context = { devPackages: await devPackages() }
const broken = made.flatMap(({ bundles }) => bundles.flatMap(bundle => findings(bundle, context)))
for (const finding of broken) process.stderr.write(`${finding}\n`)
const count = made.reduce((sum, { bundles }) => sum + bundles.length, 0)
process.stdout.write(`${count} bundles, ${broken.length} findings\n`)
if (broken.length > 0) process.exitCode = 1
