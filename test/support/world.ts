/**
 * The whole service in one process: the real operations and jobs, the real WeChat client over loopback HTTP to the
 * simulator, memory stores, one virtual clock for all of them. Every answer is checked against the contract, and at the
 * end nothing that anybody could read may hold a secret.
 */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { archiveMessage } from '../../functions/archiveMessage.ts'
import { completeUpload } from '../../functions/completeUpload.ts'
import { forwardMessage } from '../../functions/forwardMessage.ts'
import { forwardUpload } from '../../functions/forwardUpload.ts'
import { mirrorTemporaryMedia } from '../../functions/mirrorTemporaryMedia.ts'
import { receiveMessage } from '../../functions/receiveMessage.ts'
import { refreshToken } from '../../functions/refreshToken.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import type { Control } from '../../local/wechat/control.ts'
import type { SimulatedAccount } from '../../local/wechat/simulatedAccount.ts'
import { startSimulator } from '../../local/wechat/startSimulator.ts'
import { ACCOUNT_PARTITION, ACCOUNT_SCHEMA_VERSION, type AccountData } from '../../shared/core/account.ts'
import { type KeyData, keyRow, newApiKey } from '../../shared/core/keys.ts'
import type { Job, JobEvent, Operation } from '../../shared/core/operation.ts'
import type { AmbientPorts, NamedPorts, PortName, Wiring } from '../../shared/core/ports.ts'
import { callQuotas } from '../../shared/domain/quotas/callQuotas.ts'
import { MIRROR } from '../../shared/domain/temporary/jobName.ts'
import { tokenReader } from '../../shared/domain/tokens/tokenReader.ts'
import { countsRow } from '../../shared/domain/uploads/countsRow.ts'
import { FORWARDER, SWEEPER } from '../../shared/domain/uploads/jobNames.ts'
import { parseObjectKey } from '../../shared/domain/uploads/uploadRow.ts'
import { emfMetrics } from '../../shared/hosts/emfMetrics.ts'
import { jsonLog } from '../../shared/hosts/jsonLog.ts'
import type { Invoker } from '../../shared/ports/invoker.ts'
import type { MetricName, Metrics } from '../../shared/ports/metrics.ts'
import type { ObjectStore } from '../../shared/ports/objectStore.ts'
import type { Outbound, OutboundRequest } from '../../shared/ports/outbound.ts'
import type { Sealer } from '../../shared/ports/secrets.ts'
import type { Table } from '../../shared/ports/table.ts'
import type { Tokens } from '../../shared/ports/tokens.ts'
import type { WeChat } from '../../shared/ports/wechat.ts'
import { keySecrets } from '../../shared/stores/keySecrets.ts'
import { tokenClient, weChatClient } from '../../shared/wechat/client.ts'
import { secretCredentials } from '../../shared/wechat/credentials.ts'
import { undiciTransport } from '../../shared/wechat/transport.ts'
import type { Transport, TransportAnswer } from '../../shared/wechat/transportPort.ts'
import { canaries } from './canaries.ts'
import { type DrivenClock, drivenClock, waitUntil } from './drivenClock.ts'
import type { Multipart } from './multipartBody.ts'
import { permitted } from './permitted.ts'
import { type ProblemShape, parseProblem } from './problemShape.ts'
import { seededRandom } from './seededRandom.ts'
import { type Download, type HostRun, memoryHost, type TestHost } from './testHost.ts'

/** API Gateway's own limit (serverless.yml). */
const REQUEST_LIMIT_MS = 29_000
/** Idle turns of the event loop before time may pass: streams inside the process need some. */
const IDLE_TURNS = 10
const SEAL_KEY = Buffer.alloc(32, 0xa7)

/** The account that every world has. */
export const APP_ID = 'wx0123456789abcdef'

/** How a world begins. */
export interface WorldOptions {
  seed?: number
  /** What differs from the simulator's defaults for the first account. */
  account?: Partial<SimulatedAccount>
}

/** One request. */
export interface Ask {
  /** Fills the `{names}` of the operation's path. */
  params?: Record<string, string>
  /** Beside app_id; a string is taken as it is, app_id included. */
  query?: Record<string, string> | string
  /** `null` leaves it out. */
  appId?: string | null
  headers?: Record<string, string>
  /** JSON, unless it is bytes. */
  body?: unknown
  form?: Multipart
  /** An API key; `null` sends none; the admin's by default. */
  key?: string | null
  ports?: Partial<NamedPorts>
  /** ms of virtual time this run may take */
  limitMs?: number
}

/** How a job is run. */
export interface JobOptions {
  ports?: Partial<NamedPorts>
  /** ms of virtual time this run may take */
  limitMs?: number
  /** Ends the run's calls of WeChat as the death of its process would. */
  dies?: AbortSignal
}

/** An answer, already checked against the contract. */
export interface Reply {
  status: number
  headers: Headers
  json: unknown
}

/** A storage event as the forwarder gets it. */
export type ObjectEvent = Extract<JobEvent, { trigger: 'object' }>

/** What `POST /wechat/uploads` answered. */
interface PostTarget {
  fields?: Record<string, string> | undefined
  headers?: Record<string, string> | undefined
}

/** One line of the log. */
export type LogLine = Record<string, unknown> & { level: string; message: string }

/** What differs from the defaults; `uncounted`: nobody knows yet how full its library is. */
export type NewAccount = Partial<SimulatedAccount> & { row?: Partial<AccountData>; uncounted?: boolean }

/** A service with its surroundings. Dispose it: that closes everything and looks for leaked secrets. */
export interface World extends AsyncDisposable {
  clock: DrivenClock
  table: Table
  objects: ObjectStore
  wechat: WeChat
  invoker: Invoker
  ports: NamedPorts & AmbientPorts
  /** Eyes and hands on WeChat. */
  control: Control
  keys: { read: string; write: string; admin: string }
  /** Adds an account here and at WeChat. */
  addAccount(appId: string, settings?: NewAccount): Promise<void>
  /** Makes an API key valid. */
  addKey(grant: Partial<Pick<KeyData, 'role' | 'app_ids' | 'expires_at'>>): Promise<string>
  /** Runs an operation; the answer has passed the contract. */
  request<N extends PortName, P, Q, B, R>(operation: Operation<N, P, Q, B, R>, ask?: Ask): Promise<Reply>
  /** Runs an operation on a request that is made already. */
  send<N extends PortName, P, Q, B, R>(
    operation: Operation<N, P, Q, B, R>,
    request: Request,
    ask?: Pick<Ask, 'ports' | 'limitMs'>,
  ): Promise<Reply>
  /** Runs an operation that must succeed. */
  ok<N extends PortName, P, Q, B, R>(operation: Operation<N, P, Q, B, R>, ask?: Ask): Promise<R>
  /** Runs an operation that must fail. */
  fails<N extends PortName, P, Q, B, R>(operation: Operation<N, P, Q, B, R>, ask?: Ask): Promise<ProblemShape>
  run<N extends PortName>(job: Job<N>, event: JobEvent, options?: JobOptions): Promise<unknown>
  /** Runs the sweeper once, and everything it hands over. */
  sweep(): Promise<void>
  /** Runs the mirror's schedule once, and everything it hands over; answers what it reports. */
  mirror(): Promise<unknown>
  /** Puts bytes where the client of `target` would, and queues the storage event. */
  post(target: PostTarget, bytes: Uint8Array, contentType?: string): Promise<ObjectEvent>
  /** What is behind an address that the signer made; `undefined` when there is nothing. */
  download(address: string): Promise<Download | undefined>
  /** Delivers each queued event `times` times at once; where the store tells nobody, the client does as often. */
  deliver(times?: number): Promise<void>
  /** Loses the queued events. */
  dropEvents(): void
  /** While true, work that functions send each other is lost. */
  loseSends: boolean
  /** While true, nobody listens where WeChat should be. */
  weChatIsDown: boolean
  /** What becomes of a push that WeChat sends; the callback's answer by default. */
  pushed: (request: Request) => Promise<{ status: number; body: string }>
  /** The server behind every `forward_url`. */
  consumer: Outbound['post']
  /** Another reader of tokens with a memory of its own, as another process would have. */
  newReader(): Tokens
  /** The wire to WeChat, for clients of another shape. */
  transport: Transport
  /** Waits for `work` and lets time pass whenever everything else waits for time. */
  drive<T>(work: Promise<T>): Promise<T>
  /** Drives until all work that was sent is done. */
  settled(): Promise<void>
  /** Waits, without any time passing, until `condition` holds. */
  waitUntil(condition: () => boolean): Promise<void>
  /** Waits, without any time passing, until a fault of that kind has struck `times` times. */
  waitForFault(kind: string, times?: number): Promise<void>
  /** Calls that WeChat got at a path below /cgi-bin/. */
  calls(path: string): number
  /** Materials that WeChat accepted. */
  materials(appId?: string): ReturnType<Control['ledger']>
  /** The values that were recorded of a metric. */
  metrics(name: MetricName): number[]
  lines(): LogLine[]
}

/** Builds a world with one account and three keys. */
export async function world({ seed = 1, account = {} }: WorldOptions = {}): Promise<World> {
  const clock = drivenClock()
  const random = seededRandom(seed)
  const watch = canaries()
  const logged: string[] = []
  const log = jsonLog('debug', line => {
    logged.push(line)
    watch.seen('a log line', line)
  })
  const recorded: { name: MetricName; value: number }[] = []
  const emf = emfMetrics({ service: 'sucai-test', clock, write: line => watch.seen('a metric', line) })
  const metrics: Metrics = {
    record: (name, value, fields) => {
      recorded.push({ name, value })
      emf.record(name, value, fields)
    },
  }
  const host = await hostOf({ clock, random: seededRandom(seed + 2) })
  const permissions = permitted({ byRole: host.hasRoles })
  const table = permissions.table(watch.watched(host.table))
  const objects = permissions.objects(host.objects)
  const secrets = permissions.secrets(keySecrets(() => SEAL_KEY))

  let simulatorSleepers = 0
  const simulatorClock = {
    now: clock.now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      simulatorSleepers++
      await clock.sleep(ms, signal).finally(() => simulatorSleepers--)
    },
  }
  const simulator = await startSimulator({
    port: 0,
    clock: simulatorClock,
    random: seededRandom(seed + 1),
    accounts: [],
    pushPort: async ({ url, headers, body }) => it.pushed(new Request(url, { method: 'POST', headers, body })),
  })
  const up = undiciTransport({ baseUrl: simulator.url })
  const down = undiciTransport({ baseUrl: `http://127.0.0.1:${await closedPort()}` })
  let inFlight = 0
  const counted = async (answering: Promise<TransportAnswer>): Promise<TransportAnswer> => {
    inFlight++
    try {
      const answer = await answering
      answer.body.once('close', () => inFlight--)
      return answer
    } catch (error) {
      inFlight--
      throw error
    }
  }
  const transport: Transport = {
    origin: up.origin,
    download: request => counted((it.weChatIsDown ? down : up).download(request)),
    async send(request) {
      if (request.query['access_token']) watch.token(request.query['access_token'])
      return counted((it.weChatIsDown ? down : up).send(request))
    },
  }

  const background = new Set<Promise<unknown>>()
  const called = (id: string, payload: unknown): Promise<unknown> => {
    const event: JobEvent = { trigger: 'call', payload }
    switch (id) {
      case FORWARDER:
        return it.run(forwardUpload, event)
      case SWEEPER:
        return it.run(sweepUploads, event)
      case archiveMessage.id:
        return it.run(archiveMessage, event)
      case forwardMessage.id:
        return it.run(forwardMessage, event)
      case MIRROR:
        return it.run(mirrorTemporaryMedia, event)
      case refreshToken.id:
        return it.run(refreshToken, event)
      default:
        throw new Error(`there is no function ${id}`)
    }
  }
  const through = host.invoker((id, payload) => {
    const work = called(id, payload)
    const ended: Promise<unknown> = work.catch(() => undefined).finally(() => background.delete(ended))
    background.add(ended)
    return work
  })
  const invoker: Invoker = permissions.invoker({
    ...through,
    send: async (...call) => {
      if (!it.loseSends) await through.send(...call)
    },
  })
  const newReader = () => tokenReader({ table, invoker, clock, random, log })
  const wechat = weChatClient({
    transport: host.transport(transport),
    tokens: host.tokens(newReader(), table),
    quotas: callQuotas({ table, clock, log, metrics }),
    clock,
    random,
    seen: call => log.info('wechat', { ...call }),
  })
  const credentials = host.credentials(secretCredentials(tokenClient({ transport, clock })))
  const ambient: AmbientPorts = { clock, random, log, metrics }
  const ports = {
    ...ambient,
    table,
    objects,
    signer: permissions.signer(host.signer),
    wechat,
    credentials,
    secrets,
    sealer: secrets,
    invoker,
    outbound: { post: (request: OutboundRequest) => it.consumer(request) },
  }

  /** The ports of the last line of a function, with a test's own in their place. */
  const wiringFor = (own: Partial<NamedPorts> = {}): Wiring<PortName> => {
    const all: NamedPorts = { ...ports, ...own }
    return {
      table: () => all.table,
      objects: () => all.objects,
      signer: () => all.signer,
      wechat: () => all.wechat,
      credentials: () => all.credentials,
      secrets: () => all.secrets,
      sealer: () => all.sealer,
      invoker: () => all.invoker,
      outbound: () => all.outbound,
    }
  }

  let runs = 0
  /** Runs `work` within virtual time, as a host does within real time. */
  const within = async <T>(
    { limitMs, dies, ports: own }: JobOptions & { limitMs: number },
    work: (run: HostRun) => Promise<T>,
  ): Promise<T> => {
    const done = new AbortController()
    const deadline = (ms: number): AbortSignal => {
      const abort = new AbortController()
      clock.sleep(ms, done.signal).then(
        () => abort.abort(new DOMException('the run is about to end', 'TimeoutError')),
        () => undefined,
      )
      return dies ? AbortSignal.any([abort.signal, dies]) : abort.signal
    }
    try {
      return await work({ requestId: `run-${++runs}`, limitMs, ambient, wiring: wiringFor(own), deadline })
    } finally {
      done.abort()
    }
  }

  const complete = ({ key }: ObjectEvent) => {
    const { appId = APP_ID, uploadId = '' } = parseObjectKey(key) ?? {}
    return it.request(completeUpload, { appId, params: { uploadId } })
  }

  const isBusy = () => host.inFlight() > 0

  const queue: ObjectEvent[] = []
  const it: World = {
    clock,
    table,
    objects,
    wechat,
    invoker,
    ports,
    control: simulator.control,
    keys: { read: '', write: '', admin: '' },
    loseSends: false,
    weChatIsDown: false,
    async pushed(request) {
      const { status, json } = await it.send(receiveMessage, request)
      return { status, body: typeof json === 'string' ? json : JSON.stringify(json) }
    },
    consumer: async () => ({ status: 200 }),
    newReader,
    transport,

    async addAccount(appId, { row = {}, uncounted = false, ...settings } = {}) {
      const { secret } = simulator.control.putAccount({ secret: `secret-of-${appId}-${seed}`, ...settings, appId })
      watch.secret(secret)
      const data: AccountData = {
        app_id: appId,
        name: '测试公众号',
        kind: 'official',
        articles: 'draft',
        limits: 'current',
        credential: 'stable_token',
        sealed_secret: await sealed(secrets, secret, appId),
        ...row,
      }
      await table.put({ pk: ACCOUNT_PARTITION, sk: appId, schemaVersion: ACCOUNT_SCHEMA_VERSION, data }, 0)
      // So that opening an upload asks nothing of WeChat: most tests are not about the library's limits.
      const nothing = { image_and_news: 0, voice: 0, video: 0 }
      if (!uncounted) await table.put(countsRow({ app_id: appId, ...nothing, counted_at: clock.now() }), 0)
    },

    async addKey({ role = 'write', app_ids = '*', ...rest }) {
      const key = newApiKey(random)
      watch.secret(key)
      await table.put(keyRow(key, { role, app_ids, created_at: Math.floor(clock.now() / 1000), ...rest }), 0)
      return key
    },

    request: (operation, ask = {}) => it.send(operation, requestOf(operation, ask, it.keys.admin), ask),

    async send(operation, request, ask = {}) {
      const { limitMs = REQUEST_LIMIT_MS, ports: own = {} } = ask
      const response = await within({ limitMs, ports: own }, run =>
        permissions.as(operation.id, () => host.answer(operation, request, run)),
      )
      const text = await response.clone().text()
      watch.seen(`an answer of ${operation.id}`, `${JSON.stringify([...response.headers])}${text}`)
      const isJson = response.headers.get('content-type') === 'application/json'
      const json: unknown = text === '' ? undefined : isJson ? JSON.parse(text) : text
      if (response.ok) checkSuccess(operation, response, json)
      else if (response.status >= 400) parseProblem(response, json)
      return { status: response.status, headers: response.headers, json }
    },

    async ok(operation, ask) {
      const { status, json } = await it.request(operation, ask)
      if (status >= 300) throw new Error(`${operation.id} answered ${status}: ${JSON.stringify(json)}`)
      return operation.response.parse(json)
    },

    async fails(operation, ask) {
      const { status, headers, json } = await it.request(operation, ask)
      if (status < 400) throw new Error(`${operation.id} succeeded: ${JSON.stringify(json)}`)
      return parseProblem(new Response(null, { status, headers }), json)
    },

    run: (job, event, { limitMs = host.jobLimitMs, ...options } = {}) =>
      within({ ...options, limitMs }, run => permissions.as(job.id, () => host.run(job, event, run))),

    async sweep() {
      await it.drive(it.run(sweepUploads, { trigger: 'schedule' }, { limitMs: 55_000 }))
      await it.settled()
    },

    async mirror() {
      const report = await it.drive(it.run(mirrorTemporaryMedia, { trigger: 'schedule' }))
      await it.settled()
      return report
    },

    async post(
      { fields, headers = {} },
      bytes,
      contentType = fields?.['Content-Type'] ?? headers['content-type'] ?? '',
    ) {
      const key = fields?.['key'] ?? decodeURIComponent(headers['key'] ?? '')
      const { etag } = await objects.write(key, bytes, { contentType, size: bytes.length })
      const event: ObjectEvent = { trigger: 'object', key, size: bytes.length, etag }
      queue.push(event)
      return event
    },

    download: address => host.download(address),

    async deliver(times = 1) {
      const events = queue.splice(0).flatMap(event => Array.from({ length: times }, () => event))
      if (host.tellsOfObjects)
        return void (await it.drive(Promise.all(events.map(event => it.run(forwardUpload, event)))))
      // Its client tells, as often as it likes.
      await it.drive(Promise.all(events.map(complete)))
      await it.settled()
    },

    dropEvents: () => void queue.splice(0),

    async drive(work) {
      let done = false
      const end = () => {
        done = true
      }
      work.then(end, end)
      while (!done) {
        let idle = 0
        await waitUntil(
          () => {
            idle = inFlight > simulatorSleepers || isBusy() ? 0 : idle + 1
            return done || (idle > IDLE_TURNS && clock.nextDeadline() !== undefined)
          },
          'work that waits for nothing',
          isBusy,
        )
        const next = clock.nextDeadline()
        if (!done && next !== undefined) await clock.advance(Math.max(0, next - clock.now()))
      }
      return work
    },

    async settled() {
      while (background.size > 0) await it.drive(Promise.all(background))
    },

    waitUntil: condition => waitUntil(condition, 'a condition', isBusy),

    waitForFault(kind, times = 1) {
      const struck = () => (simulator.control.calls().faults[kind] ?? 0) >= times
      return waitUntil(struck, `a fault ${kind}`, isBusy)
    },

    calls: path => simulator.control.calls().counts[`/cgi-bin/${path}`] ?? 0,
    materials: (appId = APP_ID) =>
      simulator.control.ledger(appId).filter(entry => entry.kind === 'material/add_material'),
    metrics: name => recorded.filter(one => one.name === name).map(({ value }) => value),
    lines: () => logged.map((line): LogLine => JSON.parse(line)),

    async [Symbol.asyncDispose]() {
      await up.close()
      await down.close()
      await simulator.close()
      await host.close()
      watch.check()
      permissions.check()
    },
  }
  await it.addAccount(APP_ID, account)
  it.keys = {
    read: await it.addKey({ role: 'read' }),
    write: await it.addKey({ role: 'write' }),
    admin: await it.addKey({ role: 'admin' }),
  }
  return it
}

/** The host that the vitest project names; what only WeChat Cloud needs is loaded there alone. */
async function hostOf(ports: Pick<AmbientPorts, 'random'> & { clock: DrivenClock }): Promise<TestHost> {
  if (process.env['TEST_HOST'] !== 'wxcloud') return memoryHost()
  const { cloudHost } = await import('./cloudHost.ts')
  return cloudHost(ports)
}

const sealed = (sealer: Sealer, secret: string, appId: string): Promise<string> => sealer.seal(secret, appId)

function requestOf(operation: { method: string; path: string }, ask: Ask, adminKey: string): Request {
  const { params = {}, query = {}, appId = APP_ID, key = adminKey, form } = ask
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const named = appId === null ? {} : { app_id: appId }
  const search = typeof query === 'string' ? query : new URLSearchParams({ ...named, ...query }).toString()
  const bytes = form?.bytes ?? bytesOf(ask.body)
  const headers = new Headers({
    ...(key !== null && { authorization: `Bearer ${key}` }),
    ...(bytes && { 'content-type': form?.contentType ?? 'application/json', 'content-length': String(bytes.length) }),
    ...ask.headers,
  })
  return new Request(`https://service.test${path}${search && `?${search}`}`, {
    method: operation.method,
    headers,
    ...(bytes && { body: Buffer.from(bytes) }),
  })
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A success must be exactly what its schema says: nothing missing, nothing more. */
function checkSuccess<N extends PortName, P, Q, B, R>(
  { id, response: schema, status = 200 }: Operation<N, P, Q, B, R>,
  response: Response,
  json: unknown,
): void {
  if (response.status !== status) throw new Error(`${id} answered ${response.status} instead of ${status}`)
  if (!response.headers.get('x-request-id')) throw new Error(`${id} answered without X-Request-Id`)
  const documented = JSON.stringify(sorted(schema.parse(json)))
  const answered = JSON.stringify(sorted(json))
  if (documented !== answered) throw new Error(`${id} answered ${answered}, documented is only ${documented}`)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}

/** A port of this machine where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
