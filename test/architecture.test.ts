/** The dependency rule (docs/architecture.md §3) as data, over the imports that the sources really have. */
import { tmpdir } from 'node:os'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../scripts/bundle.ts'
import { codeOf, type Import, importsOf, SOURCES, type Source } from './support/sources.ts'

const PORTS = /^shared\/ports\//
const ERRORS = /^shared\/core\/errors\.ts$/
/** How bytes pass from stream to stream. */
const STREAMS = /^shared\/core\/(passing|firstBytes)\.ts$/
const LIMITS = /^shared\/wechat\/limits\.ts$/
/** Parts of Node that compute, without clock, network or files. */
const PURE_NODE = /^node:(buffer|crypto|stream|stream\/web|util|zlib)$/

interface Layer {
  name: string
  files: RegExp
  /** What the files may load. */
  values: readonly RegExp[]
  /** What they may name with `import type`, beside `values`. */
  types?: readonly RegExp[]
  /** An import that this layer refuses. */
  refused: { from: string; to: string; typeOnly?: boolean }
}

/** Code in → may import. The first layer that fits a file is its own. */
const LAYERS: readonly Layer[] = [
  {
    name: 'the list of functions',
    files: /^functions\/index\.ts$/,
    values: [/^functions\//],
    refused: { from: 'functions/index.ts', to: 'shared/core/errors.ts' },
  },
  {
    name: 'functions',
    files: /^functions\//,
    values: [/^#host$/, /^shared\/(core|domain)\//, LIMITS],
    types: [PORTS],
    refused: { from: 'functions/healthz.ts', to: 'functions/getUpload.ts' },
  },
  {
    name: 'ports',
    files: PORTS,
    values: [],
    types: [PORTS, /^node:/],
    refused: { from: 'shared/ports/table.ts', to: 'shared/ports/clock.ts' },
  },
  {
    name: 'core',
    files: /^shared\/core\//,
    values: [/^shared\/core\//, PURE_NODE, /^(zod|busboy|@middy\/core)$/],
    types: [PORTS],
    refused: { from: 'shared/core/ids.ts', to: 'shared/domain/uploads/uploadRow.ts', typeOnly: true },
  },
  {
    name: 'domain',
    files: /^shared\/domain\//,
    values: [/^shared\/(core|domain)\//, LIMITS, PURE_NODE, /^zod$/],
    types: [PORTS],
    refused: { from: 'shared/domain/uploads/uploadRow.ts', to: 'busboy' },
  },
  {
    name: 'the transport to WeChat',
    files:
      /^shared\/wechat\/(transport|connecting|safeDownload|safePost|guardedAgent|publicAddress|undiciParts\.d)\.ts$/,
    values: [/^shared\/wechat\//, ERRORS, STREAMS, PURE_NODE, /^node:(dns|net)$/, /^undici(\/|$)/],
    types: [PORTS],
    refused: { from: 'shared/wechat/transport.ts', to: 'node:http' },
  },
  {
    name: 'wechat',
    files: /^shared\/wechat\//,
    values: [/^shared\/wechat\//, ERRORS, STREAMS, PURE_NODE],
    types: [PORTS],
    refused: { from: 'shared/wechat/client.ts', to: 'undici' },
  },
  {
    name: 'stores',
    files: /^shared\/stores\//,
    values: [/^shared\/stores\//, ERRORS, STREAMS, PURE_NODE, /^node:https?$/, /^@aws-sdk\//, /^@cloudbase\/node-sdk$/],
    types: [PORTS],
    refused: { from: 'shared/stores/dynamoTable.ts', to: 'shared/core/account.ts' },
  },
  {
    name: 'hosts',
    files: /^shared\/hosts\//,
    values: [/^shared\//, /^node:/, /^@aws-sdk\//, /^zod$/],
    types: [/^@opentelemetry\/api$/],
    refused: { from: 'shared/hosts/lambda/serve.ts', to: 'local/start.ts' },
  },
  {
    name: 'the local stack',
    files: /^local\//,
    values: [/^(?!(test|bench|scripts)\/)/],
    refused: { from: 'local/start.ts', to: 'test/support/world.ts' },
  },
  {
    name: 'scripts',
    files: /^scripts\//,
    values: [/^(?!(test|bench|local)\/)/],
    refused: { from: 'scripts/build.ts', to: 'local/start.ts' },
  },
  {
    name: 'the deployment',
    files: /^deploy\//,
    values: [/^deploy\//, /^shared\/core\/metrics\.ts$/],
    types: [PORTS],
    refused: { from: 'deploy/roles.ts', to: 'shared/core/ids.ts' },
  },
  {
    name: 'bench',
    files: /^bench\//,
    values: [/^(?!test\/)/],
    refused: { from: 'bench/run.ts', to: 'test/support/world.ts' },
  },
  {
    name: 'tests',
    files: /^test\//,
    values: [/^(?!bench\/)/],
    refused: { from: 'test/architecture.test.ts', to: 'bench/run.ts' },
  },
]

const PURE = /^(functions|shared\/(core|domain|wechat))\//

interface TextRule {
  name: string
  files: RegExp
  refuses: RegExp
  /** Lines that this rule refuses in a file at `path`. */
  refused: { path: string; lines: readonly string[] }
}

/** What the text of a file may not say, comments aside. */
const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'time is an argument',
    files: PURE,
    refuses:
      /\b(Date\.now|new Date\(\)|performance\.now|hrtime|set(Timeout|Interval|Immediate)|AbortSignal\.timeout)(?!\w)/,
    refused: {
      path: 'shared/core/ids.ts',
      lines: ['const now = Date.now()', 'return new Date().toISOString()', 'setTimeout(run, 5)', 'setInterval(run, 5)'],
    },
  },
  {
    name: 'chance is an argument',
    files: PURE,
    refuses: /\b(Math\.random|random(Bytes|Int|UUID)|getRandomValues)\b/,
    refused: { path: 'shared/domain/x.ts', lines: ['Math.random() < 0.5', "import { randomUUID } from 'node:crypto'"] },
  },
  {
    name: 'the network is an argument',
    files: PURE,
    refuses: /(?<![\w.])(globalThis\.)?fetch\(/,
    refused: { path: 'shared/wechat/call.ts', lines: ['await fetch(url)', 'globalThis.fetch(url)'] },
  },
  {
    name: 'the environment is read by hosts alone',
    files: /^(functions|shared\/(?!hosts\/))/,
    refuses: /\bprocess\s*(\?\.|\.|\[)\s*['"]?env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/,
    refused: { path: 'shared/stores/dynamoTable.ts', lines: ["process.env['TABLE_NAME']", 'const { env } = process'] },
  },
  {
    name: 'modules are imported, never required',
    files: /^(functions|shared)\//,
    refuses: /\b(createRequire|require)\(/,
    refused: { path: 'shared/core/multipart.ts', lines: ["const busboy = require('busboy')"] },
  },
]

function layerFindings(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to, typeOnly }) => {
    const layer = LAYERS.find(({ files }) => files.test(from))
    if (!layer) return [`${from} is in no layer`]
    const allowed = typeOnly ? [...layer.values, ...(layer.types ?? [])] : layer.values
    return allowed.some(pattern => pattern.test(to)) ? [] : [`${layer.name}: ${from} may not import ${to}`]
  })
}

/** `@aws-sdk/client-s3` and `@aws-sdk/s3-presigned-post` are one family. */
const sdkFamily = (to: string): string[] => /^@aws-sdk\/(?:client-)?([a-z0-9]+)/.exec(to)?.slice(1) ?? []

function storeFindings(imports: readonly Import[]): string[] {
  const files = new Set(imports.map(({ from }) => from).filter(path => path.startsWith('shared/stores/')))
  return [...files].flatMap(file => {
    const families = new Set(imports.filter(({ from }) => from === file).flatMap(({ to }) => sdkFamily(to)))
    return families.size > 1 ? [`${file} knows ${[...families].join(' and ')}`] : []
  })
}

const textFindings = (sources: readonly Source[]): string[] =>
  TEXT_RULES.flatMap(({ name, files, refuses }) =>
    sources
      .filter(source => files.test(source.path) && refuses.test(codeOf(source)))
      .map(({ path }) => `${path}: ${name}`),
  )

const fake = ({ from, to, typeOnly = false }: Layer['refused']): Import => ({ from, to, specifier: to, typeOnly })

describe('the dependency rule', () => {
  const imports = SOURCES.flatMap(importsOf)

  it('covers every file', () => {
    const homeless = SOURCES.filter(({ path }) => !LAYERS.some(({ files }) => files.test(path)))
    expect(homeless.map(({ path }) => path)).toEqual([])
    expect(SOURCES.length).toBeGreaterThan(100)
  })

  it('sees every import that esbuild sees', async () => {
    const code = SOURCES.filter(
      ({ path }) => /^(functions|shared|local|scripts)\//.test(path) && !path.endsWith('.d.ts'),
    )
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: code.map(({ path }) => path),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      metafile: true,
      write: false,
      outdir: tmpdir(),
      logLevel: 'silent',
    })
    const found = new Set(
      imports.filter(({ typeOnly }) => !typeOnly).map(({ from, specifier }) => `${from} ${specifier}`),
    )
    const seen = Object.entries(metafile.inputs).flatMap(([from, input]) =>
      input.imports.map(({ original, path }) => `${from} ${original ?? path}`),
    )
    expect(seen.filter(edge => !found.has(edge))).toEqual([])
    expect(seen.length).toBeGreaterThan(300)
  })

  it('holds for every import', () => expect(layerFindings(imports)).toEqual([]))
  it('gives each store one SDK', () => expect(storeFindings(imports)).toEqual([]))
  it('holds for the text of every file', () => expect(textFindings(SOURCES)).toEqual([]))
})

describe('each part of the rule can fail', () => {
  it.each(LAYERS.map(layer => [layer.name, layer] as const))('%s', (name, { refused }) => {
    expect(layerFindings([fake(refused)])).toEqual([`${name}: ${refused.from} may not import ${refused.to}`])
  })

  it.each(TEXT_RULES.map(rule => [rule.name, rule] as const))('%s', (name, { refused }) => {
    const { path, lines } = refused
    for (const text of lines) expect(textFindings([{ path, text }]), text).toEqual([`${path}: ${name}`])
  })

  it('one SDK a store', () => {
    const from = 'shared/stores/dynamoTable.ts'
    const both = ['@aws-sdk/client-dynamodb', '@aws-sdk/client-s3'].map(to => fake({ from, to }))
    expect(storeFindings(both)).toEqual([`${from} knows dynamodb and s3`])
    const signer = ['@aws-sdk/client-s3', '@aws-sdk/s3-presigned-post'].map(to => fake({ from, to }))
    expect(storeFindings(signer)).toEqual([])
  })

  it('a value of a port, where only its types are allowed', () => {
    const port = { from: 'shared/core/ids.ts', to: 'shared/ports/clock.ts' }
    expect(layerFindings([fake(port)])).toHaveLength(1)
    expect(layerFindings([fake({ ...port, typeOnly: true })])).toEqual([])
  })

  it('a file outside every layer', () => {
    expect(layerFindings([fake({ from: 'lib/x.ts', to: 'zod' })])).toEqual(['lib/x.ts is in no layer'])
  })

  it('an import in any form', () => {
    const text = [
      "import 'a'",
      "import b, { type B } from 'b'",
      "import type { C } from 'c'",
      "export * as d from '../core/d.ts'",
      "import {\n  e,\n  f as g,\n} from 'e'",
      "const h = () => import('h')",
      "// import i from 'i'",
      "/** see import('j') */",
    ].join('\n')
    const found = importsOf({ path: 'shared/stores/x.ts', text })
    expect(found.map(({ to, typeOnly }) => [to, typeOnly])).toEqual([
      ['a', false],
      ['b', false],
      ['c', true],
      ['shared/core/d.ts', false],
      ['e', false],
      ['h', false],
    ])
  })
})
