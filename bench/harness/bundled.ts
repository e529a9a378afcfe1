/** Contestants of ours run as they are deployed: one minified CommonJS file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions } from '../../scripts/bundle.ts'

let folder: string | undefined

/** A folder below the system's temporary one, removed when this process ends. */
export function temporaryFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'sucai-bench-'))
    folder = made
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  }
  return folder
}

const made = new Map<string, Promise<string>>()

/** Bundles `bench/<file>` like a Lambda function, once a run; answers the path of the result. */
export function bundled(file: string): Promise<string> {
  const path = made.get(file) ?? bundle(file)
  made.set(file, path)
  return path
}

async function bundle(file: string): Promise<string> {
  const outfile = join(temporaryFolder(), `${file.replaceAll('/', '-').replace(/\.ts$/, '')}.cjs`)
  await build({ ...bundleOptions('lambda'), entryPoints: [`bench/${file}`], outfile, write: true, metafile: false })
  return outfile
}

/** What serverless.yml sets for every function, as far as it matters to Node itself. */
export const FUNCTION_ENV: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' }

/** What Lambda's runtime has on Node's command line for a function of 256 MB; the entry of one that files pass adds `ENTRY_FLAGS`. */
export const FUNCTION_FLAGS: readonly string[] = ['--max-semi-space-size=12', '--max-old-space-size=231']
