/**
 * `npm run package`: bundles, one zip a function and the CloudFormation template, into out/package. Needs no network and
 * no credentials. The same sources give the same bytes. Arguments go on to osls: `npm run package -- --stage prod`.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from './bundle.ts'
import { withNeededDependencies } from './neededDependencies.ts'
import { releaseTime, reproducible } from './releaseTime.ts'

const OUT = join(ROOT, 'out', 'package')
const OSLS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js')
/** Only what osls writes for us, so that a broken run leaves nothing that looks whole. */
const MADE_BY_OSLS = /\.(json|zip)$/

const node = (file: string, ...args: string[]) =>
  execFileSync(process.execPath, [file, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
  })

rmSync(OUT, { recursive: true, force: true })
node(join(ROOT, 'scripts', 'build.ts'), '--host', 'lambda')
node(OSLS, 'package', '--package', OUT, ...process.argv.slice(2))

const time = releaseTime()
const files = readdirSync(OUT).filter(name => MADE_BY_OSLS.test(name))
for (const name of files.filter(name => name.endsWith('.json'))) {
  const path = join(OUT, name)
  const made = withNeededDependencies(JSON.parse(readFileSync(path, 'utf8')))
  writeFileSync(path, reproducible(JSON.stringify(made, null, 2), { time, root: ROOT }))
}
const sums = files.sort().map(name => {
  const hash = createHash('sha256')
    .update(readFileSync(join(OUT, name)))
    .digest('hex')
  return `${hash}  ${name}\n`
})
writeFileSync(join(OUT, 'SHA256SUMS'), sums.join(''))
process.stdout.write(`${files.length} files in out/package, released ${time.toISOString()}\n`)
