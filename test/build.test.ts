/** The built files run where they are meant to run, and every bundle rule can fail. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundleFor, bundlePath, HOSTS, type Host } from '../scripts/bundle.ts'
import { BUNDLE_RULES, findings, MAX_BUNDLE_BYTES, sizeClass, twice } from '../scripts/bundleRules.ts'
import { lowestNode } from '../scripts/nodes.ts'
import { writeBundles } from '../scripts/writeBundles.ts'

const FUNCTIONS = [
  { id: 'healthz', kind: 'operation' as const, ports: [] },
  { id: 'listUploads', kind: 'operation' as const, ports: ['table'] },
  { id: 'uploadMaterial', kind: 'operation' as const, ports: ['table', 'wechat'] },
]

/** Loads the bundle, calls `main` and prints the answer as the last line. */
const CALL = `
  const [file, event] = process.argv.slice(1)
  const context = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 20_000 }
  require(file).main(JSON.parse(event), context).then(answer => {
    console.log(JSON.stringify(answer))
    process.exit(0)
  })
`

describe('the built files', () => {
  let out = ''

  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'sucai-build-'))
    for (const host of HOSTS) await writeBundles(out, await bundleFor(host, FUNCTIONS, { outdir: out }))
  })
  afterAll(() => rm(out, { recursive: true, force: true }))

  async function call(node: string, host: Host, id: string, event: unknown, env: Record<string, string> = {}) {
    const args = ['-e', CALL, join(out, bundlePath(host, id)), JSON.stringify(event)]
    const { stdout } = await promisify(execFile)(node, args, { env })
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  }

  const apiGatewayEvent = (path: string, query = '') => ({
    version: '2.0',
    rawPath: path,
    rawQueryString: query,
    headers: { authorization: 'Bearer sucai_key' },
    requestContext: { domainName: 'api.example.com', http: { method: 'GET', path } },
    isBase64Encoded: false,
  })

  it('answer as a cloud function under Node 20', async () => {
    const event = {
      path: '/healthz',
      httpMethod: 'GET',
      headers: {},
      queryStringParameters: {},
      body: '',
      isBase64Encoded: 'false',
    }
    const answer = await call(lowestNode(), 'wxcloud', 'healthz', event)
    expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false })
    expect(JSON.parse(answer.body)).toEqual({ status: 'ok' })
  })

  it('load with their stores under Node 20', async () => {
    const event = { path: '/wechat/uploads', httpMethod: 'GET', headers: {} }
    expect(await call(lowestNode(), 'wxcloud', 'listUploads', event)).toMatchObject({ statusCode: 401 })
  })

  it('answer as a Lambda function', async () => {
    const answer = await call(process.execPath, 'lambda', 'healthz', apiGatewayEvent('/healthz'))
    expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false })
    expect(JSON.parse(answer.body)).toEqual({ status: 'ok' })
  })

  it('ask the table as a Lambda function, signed with the credentials of the environment', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization)
      request.resume().on('end', () => response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    try {
      const answer = await call(process.execPath, 'lambda', 'listUploads', apiGatewayEvent('/wechat/uploads'), {
        TABLE_NAME: 'sucai-test',
        AWS_REGION: 'ap-northeast-1',
        AWS_ACCESS_KEY_ID: 'AKIDOFTHEENVIRONMENT',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
      })
      expect(answer).toMatchObject({ statusCode: 401 })
    } finally {
      server.close()
      server.closeAllConnections()
    }
    expect(asked).toEqual([expect.stringContaining('Credential=AKIDOFTHEENVIRONMENT/')])
  })

  it('are primed in INIT through the entry that Lambda prefers', async () => {
    const targets: (string | undefined)[] = []
    const server = createServer((request, response) => {
      targets.push(String(request.headers['x-amz-target']))
      request.resume().on('end', () => response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const env = {
      TABLE_NAME: 'sucai-test',
      AWS_LAMBDA_FUNCTION_NAME: 'listUploads',
      AWS_REGION: 'ap-northeast-1',
      AWS_ACCESS_KEY_ID: 'AKIDOFTHEENVIRONMENT',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    }
    const entry = join(out, 'lambda', 'listUploads.mjs')
    const load = `import(process.argv[1]).then(({ main }) => { console.log(typeof main); process.exit(0) })`
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', load, entry], { env })
      expect(stdout).toBe('function\n')
    } finally {
      server.close()
      server.closeAllConnections()
    }
    expect(targets).toEqual(['DynamoDB_20120810.GetItem'])
  })

  it('load without a table that answers, for INIT may never fail', async () => {
    const env = { TABLE_NAME: 'sucai-test', AWS_LAMBDA_FUNCTION_NAME: 'listUploads', AWS_REGION: 'ap-northeast-1' }
    const unreachable = { ...env, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' }
    const load = `import(process.argv[1]).then(({ main }) => { console.log(typeof main); process.exit(0) })`
    const entry = join(out, 'lambda', 'listUploads.mjs')
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', load, entry], { env: unreachable })
    expect(stdout).toBe('function\n')
  })

  it('leave V8 alone in functions of JSON', async () => {
    const entries = ['listUploads', 'uploadMaterial'].map(id => readFile(join(out, 'lambda', `${id}.mjs`), 'utf8'))
    expect((await Promise.all(entries)).map(text => text.includes('setFlagsFromString'))).toEqual([false, true])
  })

  it('keep the young generation small where files pass, although the command line of Lambda’s runtime makes it large', async () => {
    const entry = join(out, 'lambda', 'uploadMaterial.mjs')
    const work = `import(process.argv[1]).then(() => {
      let kept = []
      for (let index = 0; index < 1_000_000; index++) {
        kept.push({ index, inside: [index] })
        if (kept.length > 60_000) kept = []
      }
      const young = require('node:v8').getHeapSpaceStatistics().find(space => space.space_name === 'new_space')
      console.log(young.space_size)
      process.exit(0)
    })`
    const args = ['--max-semi-space-size=12', '--max-old-space-size=231', '-e', work, entry]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { TABLE_NAME: 'sucai-test' } })
    // It is 1 to 6 MiB, by what survived its collections; without the entry's flag it becomes 32.
    expect(Number(stdout)).toBeLessThanOrEqual(16 * 1024 * 1024)
  })

  it('load Node’s own modules before they change a flag, for V8 compiles them anew afterwards', async () => {
    const entry = join(out, 'lambda', 'uploadMaterial.mjs')
    const work = `
      const { builtinModules, syncBuiltinESMExports } = require('node:module')
      const v8 = require('node:v8')
      const { setFlagsFromString } = v8
      let before
      v8.setFlagsFromString = flag => {
        before ??= new Set(process.moduleLoadList)
        setFlagsFromString(flag)
      }
      syncBuiltinESMExports()
      import(process.argv[1]).then(() => {
        const later = process.moduleLoadList.filter(name => !before.has(name)).map(name => name.split(' ').at(-1))
        const heavy = later.filter(name => builtinModules.includes(name) || name.includes('undici'))
        console.log(JSON.stringify({ heavy, loaded: before.has('NativeModule https') }))
        process.exit(0)
      })`
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', work, entry], {
      env: { TABLE_NAME: 'sucai' },
    })
    expect(JSON.parse(stdout)).toEqual({ heavy: [], loaded: true })
  })

  it('hold the schemas that they use and nobody else’s', async () => {
    const facts = ['listUploads', 'createUpload'].map(id => ({ id, kind: 'operation' as const, ports: ['table'] }))
    const { files } = await bundleFor('lambda', facts, { outdir: out })
    const rule = 'must be 64 lower-case hex digits'
    const holders = files.filter(({ contents }) => Buffer.from(contents).includes(rule))
    expect(holders.map(({ path }) => basename(path))).toEqual(['createUpload.cjs'])
  })

  it('are the same when they are built again', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => bundleFor('lambda', FUNCTIONS, { outdir: out })))
    expect(first?.files.map(file => file.hash)).toEqual(second?.files.map(file => file.hash))
    expect(first?.files).toHaveLength(FUNCTIONS.length)
  })

  it('are within their goal where there is no client, the contract itself included', async () => {
    const plain = ['healthz', 'docs', 'openapi'].map(id => ({ id, kind: 'operation' as const, ports: [] }))
    const { bundles } = await bundleFor('lambda', plain, { outdir: out })
    expect(bundles.filter(bundle => bundle.bytes > sizeClass(bundle).goal).map(({ id }) => id)).toEqual([])
  })
})

describe('the bundle rules', () => {
  const context = { devPackages: new Set(['node_modules/vitest']) }
  const bundle = (host: Host, ports: string[], modules: string[]): Bundle => ({
    id: 'healthz',
    kind: 'operation',
    host,
    ports,
    bytes: 1,
    modules,
    moduleBytes: {},
    builtins: [],
  })
  const CLEAN = ['functions/healthz.ts', 'shared/core/errors.ts', 'node_modules/zod/v4/locales/en.js']
  const DYNAMO = 'node_modules/@aws-sdk/client-dynamodb/dist-es/index.js'
  const BROKEN: Record<string, Bundle> = {
    'nothing of AWS in a WeChat Cloud bundle': bundle('wxcloud', ['table'], [DYNAMO]),
    'no AWS SDK in a function without a port that needs it': bundle(
      'lambda',
      [],
      ['node_modules/@smithy/core/index.js'],
    ),
    'only the SDK clients that the function wires': bundle(
      'lambda',
      ['table'],
      [DYNAMO, 'node_modules/@aws-sdk/client-s3/dist-es/index.js'],
    ),
    'undici only in functions that call WeChat or hand pushes on': bundle(
      'wxcloud',
      ['table'],
      ['node_modules/undici/lib/api/index.js'],
    ),
    'no zod locale but en': bundle('lambda', [], ['node_modules/zod/v4/locales/zh-CN.js']),
    'no package of development': bundle('lambda', [], ['node_modules/vitest/dist/index.js']),
    'of the project only functions/ and shared/': bundle('lambda', [], ['local/start.ts']),
    'no axios': bundle('wxcloud', [], ['node_modules/axios/index.js']),
    'only its own function': bundle('lambda', [], ['functions/healthz.ts', 'functions/getUpload.ts']),
    'only its own host': bundle('wxcloud', ['table'], ['shared/hosts/aws/table.ts']),
  }

  it.each(HOSTS)('find nothing in a clean bundle of %s', host => {
    expect(findings(bundle(host, [], CLEAN), context)).toEqual([])
  })

  it('allow what the ports of a function bring', () => {
    const undici = 'node_modules/undici/lib/api/index.js'
    expect(findings(bundle('lambda', ['wechat'], [DYNAMO, undici]), context)).toEqual([])
  })

  it.each(BUNDLE_RULES.map(({ name }) => name))('can find a breach of: %s', name => {
    const broken = BROKEN[name]
    expect(broken && findings(broken, context)).toContainEqual(expect.stringContaining(`: ${name}; inside: `))
  })

  it('find a bundle that is too large', () => {
    expect(findings({ ...bundle('lambda', [], CLEAN), bytes: MAX_BUNDLE_BYTES + 1 }, context)).toHaveLength(1)
  })

  it('name a package that is inside twice', () => {
    const nested = `node_modules/@aws-sdk/s3-presigned-post/${DYNAMO}`
    expect(twice(bundle('lambda', ['table'], [DYNAMO, nested]))).toEqual(['@aws-sdk/client-dynamodb'])
  })
})
