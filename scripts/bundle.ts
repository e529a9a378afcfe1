/** Bundles every function for both clouds with esbuild. */
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type OutputFile, type Plugin } from 'esbuild'
import { ROUTER_ENTRY, routerEntry, routerFacts } from './cloudRouter.ts'
import { bundleSdk, SDK_FILE, sdkBeside } from './cloudSdk.ts'
import type { FunctionFacts } from './functionList.ts'

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A cloud that functions are bundled for. */
export type Host = 'lambda' | 'wxcloud'

/** The clouds. */
export const HOSTS: readonly Host[] = ['lambda', 'wxcloud']

/** One function as one file. */
export interface Bundle extends FunctionFacts {
  host: Host
  /** bytes of the file */
  bytes: number
  /** The modules that have bytes in it, as paths below the repository's root. */
  modules: readonly string[]
  /** Their bytes. */
  moduleBytes: Readonly<Record<string, number>>
  /** Node's own modules that it asks for: `node:https`. */
  builtins: readonly string[]
}

/** A file to write. */
export type BundleFile = Pick<OutputFile, 'path' | 'contents' | 'hash'>

/** Everything made for one host; `files` have absolute paths below `<outdir>/<host>/`. */
export interface HostBundles {
  host: Host
  bundles: readonly Bundle[]
  files: readonly BundleFile[]
  /** esbuild's metafile, for its analyser and for questions about what pulled a module in. */
  metafile: string
}

/** A function's file below `<outdir>`. Lambda's runtime finds `x.main` in x.js, x.mjs and x.cjs. */
export const bundlePath = (host: Host, id: string): string =>
  host === 'lambda' ? `lambda/${id}.cjs` : `wxcloud/${id}/index.js`

/** Links of the SDK's credential chain for people's machines and servers; a Lambda finds its credentials in the environment. */
const ABSENT = /^(@aws-sdk\/credential-provider-(http|ini|process|sso|web-identity)|@smithy\/credential-provider-imds)$/

/** Puts a clear failure in the place of {@link ABSENT}: 110 to 150 kB less to load in every function with a client. */
const absentProviders: Plugin = {
  name: 'absent-providers',
  setup(build) {
    build.onResolve({ filter: ABSENT }, ({ path }) => ({ path, namespace: 'absent' }))
    build.onLoad({ filter: /./, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error('${path} is not bundled: credentials come from the environment')`,
    }))
  },
}

/**
 * What zod brings and no function needs: JSON Schemas, which scripts/openapi.ts makes before anything is deployed, and its
 * memory of cycles, which JSON has none of (zod/mini comes without it, too).
 */
const UNUSED_OF_ZOD = /\/zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/
const ZOD_CYCLES = /\/zod\/v4\/core\/memoizer\.js$/
const NO_CYCLES = 'export const memoizer = () => undefined, isBackEdge = () => false, isRecursiveSchema = () => false'

/** The schemas name one namespace inside another, of which esbuild keeps every member; named by itself it is shaken like any module. */
const ZOD_SCHEMAS = /\/zod\/v4\/classic\/schemas\.js$/
const UTIL_OF_CORE = 'import { util } from "../core/index.js";'
const UTIL_ITSELF = 'import * as util from "../core/util.js";'

/** Leaves out what zod has and no function uses, 25 kB in every function: schemas name {@link UNUSED_OF_ZOD} in closures that only `toJSONSchema` runs. */
const zodUnused: Plugin = {
  name: 'zod-unused',
  setup(build) {
    build.onLoad({ filter: UNUSED_OF_ZOD }, () => ({ contents: 'module.exports = {}' }))
    build.onLoad({ filter: ZOD_CYCLES }, () => ({ contents: NO_CYCLES }))
    build.onLoad({ filter: ZOD_SCHEMAS }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      if (!source.includes(UTIL_OF_CORE)) throw new Error(`${path} has another import of util: see scripts/bundle.ts`)
      return { contents: source.replace(UTIL_OF_CORE, UTIL_ITSELF).replaceAll('core.util.', 'util.') }
    })
  },
}

/** The project's own modules; a schema at their top, as the formatter writes it: up to the next line that begins something else. */
const OWN_MODULES = /\/(functions|shared)\/.*\.ts$/
const ZOD_IMPORT = "import * as z from 'zod'"
const SCHEMA =
  /^((?:export )?const \w+(?:: [^=\n]+)? = )((?:z|[A-Z]\w*\.(?:extend|keyof|omit|partial|pick))\b[.(][\s\S]*?)(?=\n[^\s)\]}]|\n\n|\n?$(?![\s\S]))/gm

/**
 * Lets esbuild leave out schemas that nothing asks for. It keeps what calls a method, for that might do something; making
 * a schema does not. A third of the 365 schemas of `listUploads` were others' (docs/performance.md, row 13).
 */
const unusedSchemas: Plugin = {
  name: 'unused-schemas',
  setup(build) {
    build.onLoad({ filter: OWN_MODULES }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      if (!source.includes(ZOD_IMPORT) || !path.startsWith(ROOT)) return undefined
      return { contents: source.replace(SCHEMA, '$1/* @__PURE__ */ (() => $2)()'), loader: 'ts' }
    })
  },
}

/** WeChat Cloud's lowest current runtime (stack.md §1). */
const LOWEST_NODE = 'node20.18'

const HOST_OPTIONS: Record<Host, BuildOptions> = {
  // Naming any condition, even none, would end esbuild's own `module`, and the SDK would come as CommonJS.
  lambda: { target: 'node24', outExtension: { '.js': '.cjs' }, plugins: [absentProviders, zodUnused, unusedSchemas] },
  wxcloud: { target: LOWEST_NODE, conditions: ['wxcloud', 'module'], plugins: [sdkBeside, zodUnused, unusedSchemas] },
}

const OPTIONS: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // The SDK's ES modules can be shaken, its CommonJS cannot: half the size (stack.md §1).
  mainFields: ['module', 'main'],
  // Lazy parts become plain requires: the SDK's first call in 42 instead of 79 ms (performance.md).
  supported: { 'dynamic-import': false },
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
}

/** How a function of `host` is bundled; entry points and output are the caller's. */
export const bundleOptions = (host: Host): BuildOptions => ({ ...OPTIONS, ...HOST_OPTIONS[host] })

/** Where the files belong, and whether source maps lie beside them. */
export interface BundleOptions {
  /** An absolute path. */
  outdir: string
  sourcemap?: boolean
}

/** Bundles `functions` for `host` without writing anything. Throws esbuild's `BuildFailure`. */
export async function bundleFor(
  host: Host,
  functions: readonly FunctionFacts[],
  { outdir, sourcemap = false }: BundleOptions,
): Promise<HostBundles> {
  const options = bundleOptions(host)
  const entries = new Map(functions.map(facts => [`functions/${facts.id}.ts`, facts]))
  if (host === 'wxcloud') entries.set(ROUTER_ENTRY, routerFacts(functions))
  const result = await build({
    ...options,
    plugins: [...(options.plugins ?? []), routerEntry(ROOT, functions)],
    entryPoints: [...entries].map(([path, { id }]) => ({ in: path, out: outName(host, id) })),
    outdir,
    metafile: true,
    sourcemap: sourcemap ? 'external' : false,
  })
  const outputs = Object.values(result.metafile.outputs).flatMap(output => {
    const facts = entries.get(output.entryPoint ?? '')
    return facts ? [{ facts, output }] : []
  })
  const bundles = outputs.map(({ facts, output }): Bundle => {
    const inside = Object.entries(output.inputs).filter(
      ([path, { bytesInOutput }]) => bytesInOutput > 0 && !/^(absent|router):/.test(path),
    )
    const moduleBytes = Object.fromEntries(inside.map(([path, { bytesInOutput }]) => [path, bytesInOutput]))
    const builtins = [...new Set(output.imports.map(({ path }) => path).filter(isBuiltin))].sort()
    return { ...facts, host, bytes: output.bytes, modules: Object.keys(moduleBytes).sort(), moduleBytes, builtins }
  })
  const made = { host, bundles, files: result.outputFiles ?? [], metafile: JSON.stringify(result.metafile) }
  const needy = outputs.filter(({ output }) => output.imports.some(({ path }) => path === `./${SDK_FILE}`))
  return needy.length > 0 ? withSdk(made, { outdir, ids: needy.map(({ facts }) => facts.id) }) : made
}

/** The same with the SDK beside the functions that load it. */
async function withSdk(made: HostBundles, { outdir, ids }: { outdir: string; ids: string[] }): Promise<HostBundles> {
  const { file, moduleBytes } = await bundleSdk(ROOT, LOWEST_NODE)
  const { contents, hash } = file
  const modules = Object.keys(moduleBytes).sort()
  const facts = { id: SDK_FILE, kind: 'operation' as const, ports: [], host: made.host }
  const beside = ids.map(id => ({ path: join(outdir, made.host, id, SDK_FILE), contents, hash }))
  const bundle: Bundle = { ...facts, bytes: contents.length, modules, moduleBytes, builtins: [] }
  return { ...made, bundles: [...made.bundles, bundle], files: [...made.files, ...beside] }
}

const outName = (host: Host, id: string): string => bundlePath(host, id).replace(/\.c?js$/, '')
