/**
 * WeChat Cloud as a world's host: its handlers and stores, the real SDK, a stand-in of CloudBase on a real socket. Requests
 * are events of the HTTP access service and go through the router; functions call each other through the platform.
 */
import { Readable } from 'node:stream'
import { AccessResult, accessEvent, isTooLarge } from '../../local/wxcloud/accessEvent.ts'
import { timerEvent } from '../../local/wxcloud/timers.ts'
import type { Job, JobEvent, Operation } from '../../shared/core/operation.ts'
import type { PortName, Wiring } from '../../shared/core/ports.ts'
import { cloudTokens } from '../../shared/domain/tokens/cloudTokens.ts'
import { parseObjectKey } from '../../shared/domain/uploads/uploadRow.ts'
import { carrying } from '../../shared/hosts/callContext.ts'
import type { CloudProcess } from '../../shared/hosts/wxcloud/cloudContext.ts'
import { routed } from '../../shared/hosts/wxcloud/router.ts'
import { serve, serveOpen } from '../../shared/hosts/wxcloud/serve.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { ObjectStore } from '../../shared/ports/objectStore.ts'
import type { Random } from '../../shared/ports/random.ts'
import type { CloudBaseClient } from '../../shared/stores/cloudBase.ts'
import { cloudCalls } from '../../shared/stores/cloudCalls.ts'
import { cloudInvoker } from '../../shared/stores/cloudInvoker.ts'
import { cloudObjects } from '../../shared/stores/cloudObjects.ts'
import { cloudSigner } from '../../shared/stores/cloudSigner.ts'
import { cloudTable } from '../../shared/stores/cloudTable.ts'
import { cloudCallTransport, isCloudCall } from '../../shared/wechat/cloudCall.ts'
import { withCloudKinds } from '../../shared/wechat/credentials.ts'
import { TEST_COLLECTION, TEST_ENV, testCloudBase } from './cloudBase.ts'
import { OPERATIONS } from './functionMap.ts'
import type { HostRun, RunFunction, TestHost } from './testHost.ts'
import type { VirtualClock } from './virtualClock.ts'

/** The platform ends every function after 60 s. */
const LIMIT_MS = 60_000
/** Where the stand-in has its files. */
const FILES = /^\/files\//

/** Starts the platform. */
export async function cloudHost({ clock, random }: { clock: VirtualClock; random: Random }): Promise<TestHost> {
  const traffic = trafficMeter()
  let runFunction: RunFunction = async () => undefined
  const handOver = handOvers()
  const cloud = await testCloudBase({
    clock,
    // The caller waits for a function as long as it takes; only the way there and back is traffic.
    invoke: async (id, event) => {
      handOver.arrived()
      traffic.end()
      return runFunction(id, event).finally(traffic.begin)
    },
  })
  const { client } = cloud
  const calling: CloudBaseClient = async () => {
    const app = await client()
    const callFunction: typeof app.callFunction = (...call) => traffic.during(() => app.callFunction(...call))
    return new Proxy(app, { get: (it, name) => (name === 'callFunction' ? callFunction : Reflect.get(it, name)) })
  }
  let requests = 0
  return {
    table: traffic.counted(cloudTable({ collection: TEST_COLLECTION, client, random })),
    objects: countedObjects(cloudObjects({ client }), traffic),
    signer: traffic.counted(cloudSigner({ client })),
    hasRoles: false,
    tellsOfObjects: false,
    jobLimitMs: LIMIT_MS,
    invoker(run) {
      runFunction = run
      const invoker = carrying(cloudInvoker({ client: calling, clock: handOver.clock(clock) }))
      return {
        call: (...call) => handOver.begun(() => invoker.call(...call)),
        send: (...call) => handOver.begun(() => invoker.send(...call)),
      }
    },
    credentials: withCloudKinds,
    tokens: (rows, table) => cloudTokens({ rows, source: () => undefined, isCloudCall, table, clock }),
    transport: over => cloudCallTransport(over, cloudCalls({ client })),

    async answer(operation, request, run) {
      const spelling = ++requests % 2 === 0 ? 'boolean' : 'string'
      const arrived = {
        ...{ method: request.method, url: new URL(request.url), headers: Object.fromEntries(request.headers) },
        body: Buffer.from(await request.arrayBuffer()),
      }
      if (isTooLarge(arrived)) return Response.json({ code: 'EXCEED_MAX_PAYLOAD_SIZE' }, { status: 413 })
      const event = overWire(accessEvent(arrived, { env: TEST_ENV, requestId: run.requestId, spelling }))
      const result = AccessResult.parse(overWire(await router(operation, run)(event, contextOf(run))))
      const bytes = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8')
      const { statusCode: status, headers } = result
      return new Response(bytes.length > 0 ? bytes : null, { status, headers })
    },
    async run<N extends PortName>(job: Job<N>, event: JobEvent, run: HostRun) {
      const wiring = run.wiring as Wiring<N | 'table'>
      const main = serve<N, unknown, unknown, unknown, unknown>(job, wiring, processOf(run))
      return overWire(await main(overWire(eventOf(job.id, event, run)), contextOf(run)))
    },
    async download(address) {
      const answer = await fetch(address)
      if (!answer.ok) return undefined
      const header = (name: string) => answer.headers.get(`content-${name}`) ?? ''
      const key = decodeURIComponent(new URL(address).pathname.replace(FILES, ''))
      const bytes = Buffer.from(await answer.arrayBuffer())
      return { key, bytes, contentType: header('type'), disposition: header('disposition') }
    },
    inFlight: traffic.inFlight,
    close: cloud.close,
  }
}

/** The entry behind the access service; a test's own operations are beside ours. */
function router<N extends PortName, P, Q, B, R>(operation: Operation<N, P, Q, B, R>, run: HostRun) {
  const own = OPERATIONS.some(({ id }) => id === operation.id) ? [] : [operation as Operation]
  const main = (each: Operation) => {
    const make = each.role === 'public' ? serveOpen : serve
    return make(each, run.wiring, processOf(run))
  }
  return routed(
    [...OPERATIONS, ...own].map(each => ({ operation: each, main: (event, context) => main(each)(event, context) })),
  )
}

const processOf = ({ ambient, deadline }: HostRun): CloudProcess => ({ ambient: () => ambient, deadline })

const contextOf = ({ requestId, limitMs }: HostRun): object => ({
  request_id: requestId,
  time_limit_in_ms: limitMs,
  memory_limit_in_mb: 256,
  environment: JSON.stringify({ TCB_ENV: TEST_ENV, TCB_SOURCE: ',scf' }),
})

/** The platform has no storage events: what one would start, `completeUpload` starts by a call. */
function eventOf(id: string, event: JobEvent, { ambient: { clock } }: HostRun): unknown {
  if (event.trigger === 'call') return event.payload
  if (event.trigger === 'schedule') return timerEvent({ name: `${id}Timer` }, new Date(clock.now()))
  const named = parseObjectKey(event.key)
  if (!named) throw new Error('WeChat Cloud has no storage events')
  return { app_id: named.appId, upload_id: named.uploadId }
}

/** What an event or an answer is after its way as JSON. */
const overWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

interface TrafficMeter {
  begin(): void
  end(): void
  during<T>(work: () => Promise<T>): Promise<T>
  /** The same port, each of its calls counted. */
  counted<T extends object>(port: T): T
  inFlight(): number
}

function trafficMeter(): TrafficMeter {
  let count = 0
  const begin = () => void count++
  const end = () => void count--
  const during = <T>(work: () => Promise<T>): Promise<T> => {
    begin()
    return work().finally(end)
  }
  return {
    ...{ begin, end, during, inFlight: () => count },
    counted: port =>
      new Proxy(port, {
        get: (it, name) => {
          const method: unknown = Reflect.get(it, name)
          if (typeof method !== 'function') return method
          return (...args: unknown[]) => during(async () => Reflect.apply(method, it, args))
        },
      }),
  }
}

/** Bytes count while the store owes or takes them, not while the other end of a stream waits for something. */
function countedObjects(store: ObjectStore, { begin, end, during, counted }: TrafficMeter): ObjectStore {
  return {
    ...counted(store),
    async read(key, options) {
      const found = await during(() => store.read(key, options))
      return found && { ...found, body: through(found.body, during) }
    },
    write(key, body, options) {
      const outside = <T>(work: () => Promise<T>): Promise<T> => {
        end()
        return work().finally(begin)
      }
      return during(() => store.write(key, body instanceof Readable ? through(body, outside) : body, options))
    },
  }
}

/** The same bytes, `around` each wait for the next ones. */
function through(body: Readable, around: <T>(work: () => Promise<T>) => Promise<T>): Readable {
  const chunks = body[Symbol.asyncIterator]()
  const same = new Readable({
    read() {
      around(() => chunks.next()).then(
        ({ done, value }) => this.push(done ? null : value),
        error => this.destroy(error),
      )
    },
    destroy(error, callback) {
      body.destroy()
      callback(error)
    },
  })
  // It may break off while nobody waits for its bytes: whoever waits next hears of it.
  body.on('error', () => undefined)
  return same
}

/** Tells when the platform has a call: that is what the invoker's short wait after a `send` is for. */
function handOvers() {
  let begun = 0
  let arrived = 0
  const waiting = new Set<{ number: number; wake: () => void }>()
  return {
    begun<T>(work: () => Promise<T>): Promise<T> {
      begun++
      return work()
    },
    arrived() {
      arrived++
      for (const each of [...waiting].filter(({ number }) => number <= arrived)) {
        waiting.delete(each)
        each.wake()
      }
    },
    clock: ({ now }: Clock): Clock => ({
      now,
      sleep: () =>
        new Promise(wake => {
          if (arrived >= begun) wake()
          else waiting.add({ number: begun, wake })
        }),
    }),
  }
}
