/**
 * `npm run package:wxcloud`: out/wxcloud/ as WeChat Cloud's tools take it, one folder a function and `cloudbaserc.json`.
 * Needs no login and no network. `--quiet` names no sizes. Fails when a bundle breaks a rule of bundleRules.ts.
 */
import { join } from 'node:path'
import { ROOT } from './bundle.ts'
import { sizes } from './bundleReport.ts'
import { findings } from './bundleRules.ts'
import { ROUTER } from './cloudRouter.ts'
import { devPackages } from './devPackages.ts'
import { writeCloudPackage } from './writeCloudPackage.ts'

const { bundles } = await writeCloudPackage(join(ROOT, 'out'))
const context = { devPackages: await devPackages() }
const broken = bundles.flatMap(bundle => findings(bundle, context))
for (const finding of broken) process.stderr.write(`${finding}\n`)
if (broken.length > 0) process.exit(1)
if (!process.argv.includes('--quiet')) process.stdout.write(sizes(bundles))
process.stdout.write(`the functions are in out/wxcloud; HTTP reaches all operations through ${ROUTER}\n`)
