/** Packaged functions as Lambda runs them: one unpacked zip, its entry, a bare Node, AWS by its endpoints and nothing else. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { startObjectServer } from '../../local/s3/startObjectServer.ts'
import { listen, type RunningServer, readBody, sendJson } from '../../local/stack/httpServer.ts'
import { ensureTable } from '../../local/table/ensureTable.ts'
import { startTableServer } from '../../local/table/startTableServer.ts'
import { startSimulator } from '../../local/wechat/startSimulator.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { TEST_BUCKET, TEST_CREDENTIALS, TEST_REGION } from './objectServer.ts'
import { zipEntries } from './zipEntries.ts'

const TABLE_NAME = 'sucai-bare'
const MAX_BYTES = 8 * 1024 * 1024
const INVOCATION = /^\/2015-03-31\/functions\/([\w-]+)\/invocations$/

/** Loads the entry, calls `main`, and prints what it answered and every file that was loaded beside the entry. */
const RUNNER = `
  const [file] = process.argv.slice(1)
  let event = ''
  process.stdin.on('data', chunk => { event += chunk }).on('end', async () => {
    const end = Date.now() + 29_000
    const context = { awsRequestId: 'bare-1', getRemainingTimeInMillis: () => end - Date.now() }
    const print = outcome => {
      const text = JSON.stringify({ ...outcome, loaded: Object.keys(require.cache) })
      // A pipe takes its time: what is not written when the process ends is lost.
      process.stdout.write(text + '\\n', () => process.exit(0))
    }
    try {
      const { main } = await import(file)
      print({ answer: (await main(JSON.parse(event), context)) ?? null })
    } catch (error) {
      print({ failure: String(error) })
    }
  })
`

const Outcome = z.object({
  answer: z.unknown().optional(),
  failure: z.string().optional(),
  loaded: z.array(z.string()),
})

/** What a run ended with. */
export type Outcome = z.infer<typeof Outcome> & { log: string }

/** A place where packaged functions run. */
export interface BareLambda extends AsyncDisposable {
  /** Runs the function as Lambda does with this event. */
  run(id: string, event: unknown): Promise<Outcome>
  /** Where the function's bundle lies; its entry is beside it. */
  bundleOf(id: string): string
  /** Work that functions sent each other and that has not run: the test decides. */
  sent: { id: string; event: unknown }[]
}

/** Takes the zips of `packaged`; WeChat knows one account. */
export async function bareLambda(packaged: string, account: { appId: string; secret: string }): Promise<BareLambda> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sucai-bare-')))
  const dataDir = join(folder, 'data')
  const sent: BareLambda['sent'] = []
  const table = await startTableServer({ port: 0, dataDir, clock: systemClock })
  const objects = await startObjectServer({
    ...{ port: 0, dataDir, clock: systemClock, credentials: TEST_CREDENTIALS, region: TEST_REGION },
    buckets: [TEST_BUCKET],
    onEvent: () => undefined,
  })
  const simulator = await startSimulator({ port: 0, clock: systemClock, random: systemRandom, accounts: [account] })
  const kms = await startKms()
  const lambda = await listen(0, async (request, response) => {
    const id = INVOCATION.exec(request.url ?? '')?.[1]?.replace(`${TABLE_NAME}-`, '') ?? ''
    const event: unknown = JSON.parse(String((await readBody(request, MAX_BYTES)) ?? '{}'))
    if (request.headers['x-amz-invocation-type'] === 'Event') {
      sent.push({ id, event })
      response.writeHead(202).end()
      return
    }
    const { answer, failure } = await run(id, event)
    if (failure !== undefined) response.setHeader('x-amz-function-error', 'Unhandled')
    sendJson(response, 200, failure === undefined ? answer : { errorMessage: failure })
  })
  const env = {
    AWS_LAMBDA_FUNCTION_NAME: TABLE_NAME,
    AWS_REGION: TEST_REGION,
    AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_S3: objects.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
    AWS_ENDPOINT_URL_KMS: kms.url,
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    WECHAT_API_BASE_URL: simulator.url,
    SERVICE_NAME: TABLE_NAME,
    TABLE_NAME,
    BUCKET: TEST_BUCKET,
    FUNCTION_PREFIX: `${TABLE_NAME}-`,
    KMS_KEY_ID: 'alias/bare',
  }
  const client = new DynamoDBClient({ endpoint: table.url, region: TEST_REGION, credentials: TEST_CREDENTIALS })
  await ensureTable(client, TABLE_NAME)
  client.destroy()

  const unpacked = new Map<string, string>()
  const bundleOf = (id: string): string => {
    const known = unpacked.get(id)
    if (known !== undefined) return known
    const entries = zipEntries(readFileSync(join(packaged, `${id}.zip`)))
    const [bundle, entry] = [`out/lambda/${id}.cjs`, `out/lambda/${id}.mjs`]
    if ([...entries.keys()].sort().join() !== [bundle, entry].join())
      throw new Error(`${id}.zip holds ${[...entries.keys()]}`)
    for (const [name, bytes] of entries) {
      mkdirSync(dirname(join(folder, id, name)), { recursive: true })
      writeFileSync(join(folder, id, name), bytes)
    }
    const file = join(folder, id, bundle)
    unpacked.set(id, file)
    return file
  }

  const run = async (id: string, event: unknown): Promise<Outcome> => {
    const file = bundleOf(id).replace(/\.cjs$/, '.mjs')
    // The permission model lets it read its own folder and nothing else: no node_modules, no profile of AWS.
    const args = ['--permission', `--allow-fs-read=${join(folder, id)}`, '-e', RUNNER, file]
    const running = promisify(execFile)(process.execPath, args, {
      cwd: join(folder, id),
      env,
      maxBuffer: MAX_BYTES * 2,
    })
    running.child.stdin?.end(JSON.stringify(event))
    const { stdout, stderr } = await running
    const lines = stdout.trimEnd().split('\n')
    return { ...Outcome.parse(JSON.parse(lines.pop() ?? '')), log: [...lines, stderr].join('\n') }
  }

  return {
    run,
    bundleOf,
    sent,
    async [Symbol.asyncDispose]() {
      for (const server of [lambda, kms, simulator, objects, table]) await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const KmsCall = z.object({
  Plaintext: z.string().optional(),
  CiphertextBlob: z.string().optional(),
  EncryptionContext: z.record(z.string(), z.string()),
})

/** Encrypt and Decrypt of KMS, as far as that the context must be the same: https://docs.aws.amazon.com/kms/latest/APIReference/ */
function startKms(): Promise<RunningServer> {
  return listen(0, async (request, response) => {
    const call = KmsCall.parse(JSON.parse(String(await readBody(request, MAX_BYTES))))
    const context = JSON.stringify(call.EncryptionContext)
    if (request.headers['x-amz-target'] === 'TrentService.Encrypt') {
      const sealed = Buffer.from(JSON.stringify({ context, plain: call.Plaintext })).toString('base64')
      return sendJson(response, 200, { KeyId: 'alias/bare', CiphertextBlob: sealed })
    }
    const sealed: unknown = JSON.parse(Buffer.from(call.CiphertextBlob ?? '', 'base64').toString())
    const { context: bound, plain } = z.object({ context: z.string(), plain: z.string() }).parse(sealed)
    if (bound !== context) return sendJson(response, 400, { __type: 'InvalidCiphertextException' })
    sendJson(response, 200, { KeyId: 'alias/bare', Plaintext: plain })
  })
}
