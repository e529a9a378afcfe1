/** A stand-in of CloudBase for tests, and the real SDK talking to it over a socket. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CloudBaseOptions, startCloudBase } from '../../local/cloudbase/startCloudBase.ts'
import { type CloudBaseClient, cloudBase } from '../../shared/stores/cloudBase.ts'
import { type VirtualClock, virtualClock } from './virtualClock.ts'

/** The environment of the tests; the SDK finds all but the first two in the platform's variables. */
export const TEST_ENV = 'sucai-1a2b3c'
export const TEST_COLLECTION = 'sucai'
const CREDENTIALS = { secretId: 'AKIDtest', secretKey: 'secret-of-tests' }
/** What the platform sets for every function. */
export const VARIABLES = {
  TENCENTCLOUD_RUNENV: 'SCF',
  TENCENTCLOUD_REGION: 'ap-shanghai',
  SCF_NAMESPACE: TEST_ENV,
  TENCENTCLOUD_SECRETID: CREDENTIALS.secretId,
  TENCENTCLOUD_SECRETKEY: CREDENTIALS.secretKey,
  SILENCE: 'true',
}

/** A running stand-in. */
export interface TestCloudBase {
  url: string
  client: CloudBaseClient
  clock: VirtualClock
  /** Stops it and starts it again on the same data. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Starts one on a folder of its own, and sets what the platform would set. */
export async function testCloudBase(overrides: Partial<CloudBaseOptions> = {}): Promise<TestCloudBase> {
  Object.assign(process.env, VARIABLES)
  const dataDir = await mkdtemp(join(tmpdir(), 'cloudbase-云-'))
  const clock = virtualClock()
  const start = (port: number) =>
    startCloudBase({
      ...{ port, dataDir, env: TEST_ENV, credentials: CREDENTIALS, collections: [TEST_COLLECTION], clock },
      ...overrides,
    })
  let server = await start(0)
  return {
    url: server.url,
    client: cloudBase({ env: TEST_ENV, serviceUrl: `${server.url}/admin` }),
    clock,
    async restart() {
      await server.close()
      server = await start(server.port)
    },
    async close() {
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
