/** The package for WeChat Cloud: what its tools read, and functions that run on its lowest runtime and on ours. */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type HostBundles, ROOT } from '../scripts/bundle.ts'
import { cloudbaserc, cloudTimes, configOf, cron } from '../scripts/cloudPackage.ts'
import { ROUTER, routerFacts } from '../scripts/cloudRouter.ts'
import { FUNCTIONS } from '../scripts/functionList.ts'
import { lowestNode } from '../scripts/nodes.ts'
import { writeCloudPackage } from '../scripts/writeCloudPackage.ts'
import { accountRow } from '../shared/core/account.ts'
import { keyRow } from '../shared/core/keys.ts'
import { cloudTable } from '../shared/stores/cloudTable.ts'
import { TEST_COLLECTION, type TestCloudBase, testCloudBase, VARIABLES } from './support/cloudBase.ts'
import { seededRandom } from './support/seededRandom.ts'

const APP_ID = 'wx0123456789abcdef'
const KEY = 'sucai_key-of-the-package-test'
const NODES: [string, string][] = [
  ['the lowest runtime', lowestNode()],
  ['our own', process.execPath],
]

/** Requires all functions of a folder; prints the names of those that export `main`. */
const LOAD = `
  const [folder, ...ids] = process.argv.slice(1)
  const loaded = ids.filter(id => typeof require(folder + '/' + id).main === 'function')
  console.log(JSON.stringify(loaded))
`

/** Runs one function with an event, and prints its result. */
const RUN = `
  const [folder, event] = process.argv.slice(1)
  require(folder).main(JSON.parse(event), {}).then(result => {
    console.log(JSON.stringify(result))
    process.exit(0)
  })
`

describe('the packaged functions', () => {
  let out = ''
  let made: HostBundles
  let cloud: TestCloudBase

  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'sucai-wxcloud-'))
    made = await writeCloudPackage(out)
    cloud = await testCloudBase()
    const table = cloudTable({ collection: TEST_COLLECTION, client: cloud.client, random: seededRandom() })
    await table.put(keyRow(KEY, { role: 'read', app_ids: '*', created_at: 1 }), 0)
    const kinds = { kind: 'official', articles: 'draft', limits: 'current', credential: 'stable_token' } as const
    await table.put(accountRow({ app_id: APP_ID, name: '海边', sealed_secret: '', ...kinds }), 0)
  })
  afterAll(async () => {
    await cloud.close()
    await rm(out, { recursive: true, force: true })
  })

  async function node(path: string, script: string, ...args: string[]): Promise<unknown> {
    const env = { ...VARIABLES, CLOUDBASE_URL: `${cloud.url}/admin`, LOG_LEVEL: 'error' }
    const { stdout } = await promisify(execFile)(path, ['-e', script, ...args], { env })
    return JSON.parse(stdout)
  }

  it('are one folder each, and the router', () => {
    const ids = [...FUNCTIONS.map(({ id }) => id), ROUTER].sort()
    expect(readdirSync(join(out, 'wxcloud')).sort()).toEqual([...ids, 'cloudbaserc.json'].sort())
    for (const id of ids) {
      expect(readdirSync(join(out, 'wxcloud', id))).toEqual(expect.arrayContaining(['config.json', 'package.json']))
    }
    expect(made.bundles.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  })

  it.each(NODES)('all load on %s', async (_, path) => {
    const ids = [...FUNCTIONS.map(({ id }) => id), ROUTER]
    expect(await node(path, LOAD, join(out, 'wxcloud'), ...ids)).toEqual(ids)
  })

  it.each(NODES)('answer from the database through the SDK beside them on %s', async (_, path) => {
    const event = {
      path: '/wechat/uploads',
      httpMethod: 'GET',
      headers: { 'x-api-key': KEY },
      queryStringParameters: { app_id: APP_ID },
      isBase64Encoded: 'false',
    }
    for (const id of [ROUTER, 'listUploads']) {
      const result = await node(path, RUN, join(out, 'wxcloud', id), JSON.stringify(event))
      expect(result).toMatchObject({ statusCode: 200, body: '{"data":[],"next_cursor":null}' })
    }
  })

  it('hold neither the SDK itself nor any axios', () => {
    for (const { id, modules } of made.bundles) {
      const inside = modules.filter(module => /node_modules\/(axios|@aws-sdk|@cloudbase)\//.test(module))
      if (id !== 'cloudbase.js') expect([id, inside]).toEqual([id, []])
      else expect(inside.filter(module => !module.includes('@cloudbase'))).toEqual([])
    }
  })
})

describe('what the tools read', () => {
  const Rc = z.object({
    functions: z.array(
      z.object({ name: z.string(), timeout: z.number(), envVariables: z.record(z.string(), z.string()) }),
    ),
  })

  it('has every function, none above the platform’s 60 seconds, the sealing key only where it is used', async () => {
    const times = await cloudTimes(join(ROOT, 'serverless.yml'))
    const { functions } = Rc.parse(cloudbaserc(times, [...FUNCTIONS, routerFacts(FUNCTIONS)]))
    expect(functions.map(({ name }) => name).sort()).toEqual([...FUNCTIONS.map(({ id }) => id), ROUTER].sort())
    expect(Math.max(...functions.map(({ timeout }) => timeout))).toBe(60)
    const sealing = functions.filter(({ envVariables }) => 'SECRETS_KEY' in envVariables).map(({ name }) => name)
    expect(sealing).toEqual(expect.arrayContaining(['putAccount', 'refreshToken', ROUTER]))
    expect(sealing).not.toContain('getUpload')
    expect(sealing).not.toContain('forwardUpload')
  })

  it('has one timer for each schedule', async () => {
    const times = await cloudTimes(join(ROOT, 'serverless.yml'))
    for (const facts of FUNCTIONS) {
      const schedules = (times.functions[facts.id]?.events ?? []).filter(({ schedule }) => schedule !== undefined)
      const { triggers } = z.object({ triggers: z.array(z.unknown()) }).parse(configOf(times, facts))
      expect([facts.id, triggers.length]).toEqual([facts.id, schedules.length])
    }
  })

  it.each([
    ['rate(1 minute)', '0 * * * * * *'],
    ['rate(5 minutes)', '0 */5 * * * * *'],
    ['rate(1 hour)', '0 0 * * * * *'],
    ['rate(2 days)', '0 0 0 */2 * * *'],
  ])('says %s in seven fields', (rate, fields) => expect(cron(rate)).toBe(fields))

  it('refuses a schedule that is no rate', () => expect(() => cron('cron(0 8 * * ? *)')).toThrow('is no rate'))
})
