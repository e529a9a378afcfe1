/**
 * `npm run build`: every function as one file for each cloud, into out/lambda/<id>.cjs and out/wxcloud/<id>/index.js.
 * `--check` writes nothing; both fail when a bundle breaks a rule of bundleRules.ts. `--sourcemap` adds source maps.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bundle, bundleFor, HOSTS, ROOT } from './bundle.ts'
import { findings, sizeGoal, twice } from './bundleRules.ts'
import { FUNCTIONS } from './functionList.ts'
import { writeBundles } from './writeBundles.ts'

const OUT = join(ROOT, 'out')

const { values } = parseArgs({ options: { check: { type: 'boolean' }, sourcemap: { type: 'boolean' } } })

const options = { outdir: OUT, sourcemap: values.sourcemap ?? false }
const made = await Promise.all(HOSTS.map(host => bundleFor(host, FUNCTIONS, options)))
if (!values.check) {
  for (const one of made) await writeBundles(OUT, one)
  for (const { bundles } of made) process.stdout.write(table(bundles))
}

const context = { devPackages: await devPackages() }
const broken = made.flatMap(({ bundles }) => bundles.flatMap(bundle => findings(bundle, context)))
for (const finding of broken) process.stderr.write(`${finding}\n`)
const count = made.reduce((sum, { bundles }) => sum + bundles.length, 0)
process.stdout.write(`${count} bundles, ${broken.length} findings\n`)
if (broken.length > 0) process.exitCode = 1

/** The sizes beside the goals of performance.md row 12, in kB; goals are reported, never enforced. */
function table(bundles: readonly Bundle[]): string {
  const lines = bundles.map(bundle => {
    const goal = sizeGoal(bundle)
    const kilobytes = (bytes: number) => (bytes / 1_000).toFixed(0).padStart(6)
    const doubled = twice(bundle)
    const notes = [bundle.bytes > goal && 'over', doubled.length > 0 && `twice: ${doubled.join(', ')}`].filter(Boolean)
    return `${bundle.host.padEnd(8)} ${bundle.id.padEnd(24)}${kilobytes(bundle.bytes)} kB of${kilobytes(goal)}  ${notes.join('; ')}`
  })
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`
}

/** package-lock.json marks what nothing but development needs. */
async function devPackages(): Promise<Set<string>> {
  const lock: unknown = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const { packages } = lock as { packages: Record<string, { dev?: boolean }> }
  return new Set(Object.keys(packages).filter(path => packages[path]?.dev === true))
}
