import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import type { ObjectCreatedRecord } from '../../local/s3/createdEvent.ts'
import { type ObjectServer, type ObjectServerOptions, startObjectServer } from '../../local/s3/startObjectServer.ts'
import { s3Client } from '../../shared/stores/s3Client.ts'
import { type VirtualClock, virtualClock } from './virtualClock.ts'

/** The keys and the bucket of every embedded object server of the tests. */
export const TEST_CREDENTIALS = { accessKeyId: 'AKTEST', secretAccessKey: 'secret-of-tests' }
export const TEST_REGION = 'eu-central-1'
export const TEST_BUCKET = 'test-bucket'

/** An embedded object server on a directory of its own. */
export interface TestObjectServer {
  readonly url: string
  readonly port: number
  dataDir: string
  clock: VirtualClock
  events: ObjectCreatedRecord[]
  client: S3Client
  /** Stops it, runs `meanwhile`, and starts it again on the same directory. */
  restart(meanwhile?: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Starts one whose clock begins now (the SDK signs with the real clock) and then stands still. */
export async function testObjectServer(overrides: Partial<ObjectServerOptions> = {}): Promise<TestObjectServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 's3-test-'))
  const clock = virtualClock(Date.now())
  const events: ObjectCreatedRecord[] = []
  const start = (port: number) =>
    startObjectServer({
      port,
      dataDir,
      credentials: TEST_CREDENTIALS,
      region: TEST_REGION,
      clock,
      buckets: [TEST_BUCKET],
      onEvent: record => events.push(record),
      ...overrides,
    })
  let server: ObjectServer = await start(0)
  const client = testClient(server.url)
  return {
    get url() {
      return server.url
    },
    get port() {
      return server.port
    },
    dataDir,
    clock,
    events,
    client,
    async restart(meanwhile) {
      const { port } = server
      await server.close()
      await meanwhile?.()
      server = await start(port)
    },
    async close() {
      client.destroy()
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A client of the server at `url`, with other keys when given. */
export function testClient(url: string, credentials = TEST_CREDENTIALS): S3Client {
  return s3Client({ forcePathStyle: true, endpoint: url, region: TEST_REGION, credentials })
}

/** `length` bytes that run through all 256 values, the first one being `start`. */
export function testBytes(length: number, start = 0x80): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (start + index * 7 + (index >> 8)) & 255))
}
