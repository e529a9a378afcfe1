/** What may be inside a bundle, as data. */
import type { Bundle } from './bundle.ts'
import { ROUTER } from './cloudRouter.ts'

const KB = 1_000
/** Above this a bundle is refused, whatever is inside. */
export const MAX_BUNDLE_BYTES = 1_000 * KB

const AWS = /^@(aws-sdk|smithy|aws-crypto|aws)\//
const SDK_CLIENT = /^@aws-sdk\/(client|s3)-/

const TABLE = ['@aws-sdk/client-dynamodb']
const OBJECTS = ['@aws-sdk/client-s3']

/** The packages that come with a port on AWS; `wechat` reads tokens from the table; signer and invoker need none. */
export const PORT_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  table: TABLE,
  objects: OBJECTS,
  wechat: ['undici', ...TABLE],
  credentials: ['undici'],
  secrets: ['@aws-sdk/client-kms'],
  sealer: ['@aws-sdk/client-kms'],
  outbound: ['undici'],
}

/** What the rules know beside the bundle. */
export interface RuleContext {
  /** Directories of packages that only development needs, as in package-lock.json: `node_modules/vitest`. */
  devPackages: ReadonlySet<string>
}

/** A rule about each module of a bundle. */
export interface BundleRule {
  name: string
  refuses: (module: string, bundle: Bundle, context: RuleContext) => boolean
}

/** The rules. */
export const BUNDLE_RULES: readonly BundleRule[] = [
  {
    name: 'nothing of AWS in a WeChat Cloud bundle',
    refuses: (module, { host }) => host === 'wxcloud' && AWS.test(packageOf(module)),
  },
  {
    name: 'no AWS SDK in a function without a port that needs it',
    refuses: (module, bundle) => AWS.test(packageOf(module)) && !allowed(bundle).some(name => AWS.test(name)),
  },
  {
    name: 'only the SDK clients that the function wires',
    refuses: (module, bundle) => SDK_CLIENT.test(packageOf(module)) && !allowed(bundle).includes(packageOf(module)),
  },
  {
    name: 'undici only in functions that call WeChat or hand pushes on',
    refuses: (module, bundle) => packageOf(module) === 'undici' && !allowed(bundle).includes('undici'),
  },
  {
    name: 'no zod locale but en',
    refuses: module => packageOf(module) === 'zod' && /\/locales\/(?!en\.)[^/]+$/.test(module),
  },
  {
    name: 'no package of development',
    refuses: (module, _bundle, { devPackages }) => devPackages.has(packageDirectory(module)),
  },
  {
    name: 'of the project only functions/ and shared/',
    refuses: module => packageOf(module) === '' && !/^(functions|shared)\//.test(module),
  },
  {
    name: 'no axios',
    refuses: module => packageOf(module) === 'axios',
  },
  {
    name: 'only its own function',
    refuses: (module, { id }) => id !== ROUTER && module.startsWith('functions/') && module !== `functions/${id}.ts`,
  },
  {
    name: 'only its own host',
    refuses: (module, { host }) =>
      (host === 'lambda' ? /^shared\/hosts\/(local|wxcloud)\// : /^shared\/hosts\/(local|lambda|aws)\//).test(module),
  },
]

/** What is wrong with `bundle`, one sentence each; a package is named once for a rule. */
export function findings(bundle: Bundle, context: RuleContext): string[] {
  const where = `${bundle.host}/${bundle.id}`
  const broken = BUNDLE_RULES.flatMap(({ name, refuses }) => {
    const refused = bundle.modules.filter(module => refuses(module, bundle, context))
    const what = [...new Set(refused.map(module => packageOf(module) || module))]
    return what.length > 0 ? [`${where}: ${name}; inside: ${what.join(', ')} (first: ${refused[0]})`] : []
  })
  const size = `${where}: ${bundle.bytes} bytes, more than ${MAX_BUNDLE_BYTES}`
  return bundle.bytes > MAX_BUNDLE_BYTES ? [...broken, size] : broken
}

/** A class of functions with a common size goal. */
export interface SizeClass {
  name: string
  /** bytes */
  goal: number
}

const PLAIN: SizeClass = { name: 'no client', goal: 100 * KB }
const WITH_TABLE: SizeClass = { name: 'table', goal: 420 * KB }
const WITH_STORE: SizeClass = { name: 'table and store', goal: 560 * KB }
/** What calling WeChat may add to each. */
const CALLING = new Map(
  [PLAIN, WITH_TABLE, WITH_STORE].map(({ name, goal }) => [
    name,
    { name: `${name}, calling WeChat`, goal: goal + 470 * KB },
  ]),
)

/** The class of docs/performance.md row 12 that a Lambda bundle's ports put it into; the same object for the same class. */
export function sizeClass({ ports }: Pick<Bundle, 'ports'>): SizeClass {
  const store = ports.includes('objects') || ports.includes('signer')
  const base = store ? WITH_STORE : ports.includes('table') ? WITH_TABLE : PLAIN
  const calls = ports.some(port => PORT_PACKAGES[port]?.includes('undici'))
  return (calls && CALLING.get(base.name)) || base
}

/** Packages that are inside in more than one version. */
export function twice({ modules }: Bundle): string[] {
  const directories = [...new Set(modules.map(packageDirectory))].filter(directory => directory !== '')
  const names = directories.map(packageOf)
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}

const allowed = ({ ports }: Bundle): string[] => ports.flatMap(port => PORT_PACKAGES[port] ?? [])

/** `node_modules/a/node_modules/b` of a module in it, "" for the project's own. */
const packageDirectory = (module: string): string => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? ''

/** The npm package of a module, "" for the project's own. */
export const packageOf = (module: string): string => packageDirectory(module).replace(/^.*node_modules\//, '')
