/** The CloudBase SDK as one file of its own, beside each function of WeChat Cloud that talks to its environment. */
import { build, type OutputFile, type Plugin } from 'esbuild'

/** The file's name; functions require it at the first use of a store. */
export const SDK_FILE = 'cloudbase.js'

const SDK = '@cloudbase/node-sdk'

/**
 * Parts of the SDK for what this service never does: AI, models, custom logins, proxies, XML, file names in forms. Half
 * of the SDK's size, and axios 0.27, which it uses to find out whether it runs outside the cloud (security.md §3).
 */
const ABSENT =
  /^(axios|jsonwebtoken|xml2js|mime-types|https?-proxy-agent|web-streams-polyfill.*|@mattiasbuelens\/.*|@cloudbase\/(ai|app|adapter-.*|wx-cloud-client-sdk))$/

/** Keeps the SDK out of a function's file and loads it from beside. */
export const sdkBeside: Plugin = {
  name: 'sdk-beside',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^${SDK}$`) }, () => ({ path: `./${SDK_FILE}`, external: true }))
  },
}

const absentParts: Plugin = {
  name: 'absent-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: ABSENT }, ({ path }) => ({ path, namespace: 'absent' }))
    onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** The file, and how many bytes each module has in it. */
export interface SdkBundle {
  file: Pick<OutputFile, 'contents' | 'hash'>
  moduleBytes: Record<string, number>
}

/** Bundles the SDK below `root` for WeChat Cloud's lowest runtime. Throws esbuild's `BuildFailure`. */
export async function bundleSdk(root: string, target: string): Promise<SdkBundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: `module.exports = require('${SDK}')`, resolveDir: root },
    outfile: SDK_FILE,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [absentParts],
    target,
  })
  const inside = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs))
  const own = inside.filter(([path]) => path.startsWith('node_modules/'))
  const [file] = outputFiles
  if (!file) throw new Error('the SDK was bundled into nothing')
  return {
    file,
    moduleBytes: Object.fromEntries(own.map(([path, { bytesInOutput }]) => [path, bytesInOutput])),
  }
}
