/** Makes the package for WeChat Cloud. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFor, type HostBundles, ROOT } from './bundle.ts'
import { cloudbaserc, cloudTimes, configOf } from './cloudPackage.ts'
import { routerFacts } from './cloudRouter.ts'
import { FUNCTIONS } from './functionList.ts'
import { writeBundles } from './writeBundles.ts'

/** Replaces `<outdir>/wxcloud/` by one folder a function and `cloudbaserc.json`. Throws esbuild's `BuildFailure`. */
export async function writeCloudPackage(outdir: string): Promise<HostBundles> {
  const made = await bundleFor('wxcloud', FUNCTIONS, { outdir })
  await writeBundles(outdir, made)
  const times = await cloudTimes(join(ROOT, 'serverless.yml'))
  const functions = [...FUNCTIONS, routerFacts(FUNCTIONS)]
  const folder = join(outdir, made.host)
  for (const facts of functions) await writeJson(join(folder, facts.id, 'config.json'), configOf(times, facts))
  await writeJson(join(folder, 'cloudbaserc.json'), cloudbaserc(times, functions))
  return made
}

const writeJson = (file: string, value: object): Promise<void> => writeFile(file, `${JSON.stringify(value, null, 2)}\n`)
