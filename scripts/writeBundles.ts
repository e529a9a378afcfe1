/** Puts bundles where the clouds' tools look for them. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Bundle, HostBundles } from './bundle.ts'
import { SDK_FILE } from './cloudSdk.ts'

/** Replaces `<outdir>/<host>/` by the bundles and writes `<outdir>/<host>.meta.json` beside it. */
export async function writeBundles(outdir: string, { host, bundles, files, metafile }: HostBundles): Promise<void> {
  await rm(join(outdir, host), { recursive: true, force: true })
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, contents)
  }
  await writeFile(join(outdir, `${host}.meta.json`), metafile)
  if (host === 'lambda') {
    for (const bundle of bundles) await writeFile(join(outdir, host, `${bundle.id}.mjs`), entryOf(bundle))
    return
  }
  // A cloud function is a folder with a package.json; without it Node would read the project's `type: module`.
  for (const { id } of bundles.filter(bundle => bundle.id !== SDK_FILE)) {
    const manifest = { name: id, private: true, type: 'commonjs', main: 'index.js' }
    await writeFile(join(outdir, host, id, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  }
}

/**
 * What the entry of a function that files pass says to V8 before the bundle is loaded; on a command line the first one has
 * no effect (V8 13.6). Files are buffers of 16 kB that die young, and V8 makes them expensive in two ways (docs/performance.md):
 *
 * - A young generation that grows lets them pile up. Lambda's runtime sets `--max-semi-space-size` on its command line,
 *   which outdoes NODE_OPTIONS, but nothing grows by a factor of 1.
 * - Their bytes count as growth of the old generation, whose limit V8 keeps close to its size where little else is
 *   allocated: the whole heap was marked twice a file. At two and a half times what is alive it is met by real growth.
 */
export const ENTRY_FLAGS: readonly string[] = ['--semi-space-growth-factor=1', '--heap-growing-percent=150']

/** Whether files pass through: it has the store, or reads forms. JSON alone is collected cheapest as V8 does it by itself. */
const carriesFiles = ({ ports, modules }: Pick<Bundle, 'ports' | 'modules'>): boolean =>
  ports.includes('objects') || modules.some(path => path.includes('/busboy/'))

/** undici names them for what is not used here. */
const NEVER_LOADED = new Set(['node:perf_hooks', 'node:sqlite', 'node:worker_threads'])

/**
 * What Lambda loads, for it prefers `x.mjs` to `x.cjs`: only a module can make INIT wait for the priming of
 * shared/hosts/lambda/prime.ts.
 *
 * Node has its own modules compiled, for V8 as it was started: after a flag they would be compiled anew, 30 ms of CPU in
 * every INIT. So what the bundle asks for, and what is behind web requests, is loaded before the flags are set.
 */
export function entryOf(bundle: Pick<Bundle, 'id' | 'kind' | 'builtins' | 'ports' | 'modules'>): string {
  return [
    "import { createRequire } from 'node:module'",
    ...(carriesFiles(bundle) ? ["import { setFlagsFromString } from 'node:v8'"] : []),
    'const require = createRequire(import.meta.url)',
    ...(carriesFiles(bundle) ? flagLines(bundle) : []),
    `export const { main } = require('./${bundle.id}.cjs')`,
    'await main.primed\n',
  ].join('\n')
}

function flagLines({ kind, builtins }: Pick<Bundle, 'kind' | 'builtins'>): string[] {
  const before = builtins.filter(name => !NEVER_LOADED.has(name)).map(name => `require('${name}')`)
  const web = kind === 'operation' ? ['void globalThis.Request'] : []
  return [...before, ...web, ...ENTRY_FLAGS.map(flag => `setFlagsFromString('${flag}')`)]
}
