/** Where a world's functions run: the stores of a host, and its way from a request or an event to a function. */

import { buffer } from 'node:stream/consumers'
import { GUARDS } from '../../shared/core/guards.ts'
import type { Job, JobEvent, Operation } from '../../shared/core/operation.ts'
import { endpoint } from '../../shared/core/pipeline.ts'
import type { AmbientPorts, NamedPorts, PortName, Wiring } from '../../shared/core/ports.ts'
import { matchPath } from '../../shared/core/route.ts'
import { runJob } from '../../shared/hosts/runJob.ts'
import { wire } from '../../shared/hosts/wire.ts'
import type { Credentials } from '../../shared/ports/credentials.ts'
import type { Invoker } from '../../shared/ports/invoker.ts'
import type { Table } from '../../shared/ports/table.ts'
import type { Tokens } from '../../shared/ports/tokens.ts'
import { memoryObjects } from '../../shared/stores/memoryObjects.ts'
import { memorySigner } from '../../shared/stores/memorySigner.ts'
import { memoryTable } from '../../shared/stores/memoryTable.ts'
import type { Transport } from '../../shared/wechat/transportPort.ts'

/** Hosts abort this long before the end of a run. */
const RESERVE_MS = 1_500

/** One run of a function. */
export interface HostRun {
  requestId: string
  /** ms */
  limitMs: number
  ambient: AmbientPorts
  wiring: Wiring<PortName>
  /** Aborts after so many ms of virtual time, and when the run dies. */
  deadline(ms: number): AbortSignal
}

/** What a signed address gives. */
export interface Download {
  key: string
  bytes: Buffer
  contentType: string
  disposition: string
}

/** Runs the function `id`, as its platform would. */
export type RunFunction = (id: string, payload: unknown) => Promise<unknown>

/** A host. Its stores are not wrapped yet. */
export interface TestHost extends Pick<NamedPorts, 'table' | 'objects' | 'signer'> {
  /** Whether a function may do only what its role on AWS gives it. */
  hasRoles: boolean
  /** Whether the store tells the forwarder of a new object. */
  tellsOfObjects: boolean
  /** ms that a job may take at the most */
  jobLimitMs: number
  /** Hands work to other functions. */
  invoker(run: RunFunction): Invoker
  credentials(kinds: Credentials): Credentials
  tokens(rows: Tokens, table: Table): Tokens
  transport(over: Transport): Transport
  answer<N extends PortName, P, Q, B, R>(
    operation: Operation<N, P, Q, B, R>,
    request: Request,
    run: HostRun,
  ): Promise<Response>
  run<N extends PortName>(job: Job<N>, event: JobEvent, run: HostRun): Promise<unknown>
  download(address: string): Promise<Download | undefined>
  /** Calls of stores that are on their way: no time may pass. */
  inFlight(): number
  close(): Promise<void>
}

/** Functions over memory, called as they are: what every host does, and nothing that only one does. */
export function memoryHost(): TestHost {
  const callOf = ({ requestId, limitMs, ambient: { clock }, deadline }: HostRun) => {
    const end = clock.now() + limitMs
    return { requestId, remaining: () => end - clock.now(), signal: deadline(Math.max(0, limitMs - RESERVE_MS)) }
  }
  const objects = memoryObjects()
  return {
    table: memoryTable(),
    objects,
    signer: memorySigner(),
    hasRoles: true,
    tellsOfObjects: true,
    jobLimitMs: 120_000,
    // Payloads and answers cross a wire in real life.
    invoker: run => ({
      call: async (id, payload) => structuredClone(await run(id, structuredClone(payload))),
      send: async (id, payload) => {
        run(id, structuredClone(payload)).catch(() => undefined)
      },
    }),
    credentials: kinds => kinds,
    tokens: rows => rows,
    transport: over => over,
    answer(operation, request, run) {
      const params = matchPath(operation.path, new URL(request.url).pathname)
      if (!params) throw new Error(`${request.url} is not ${operation.path}`)
      const ambient = () => run.ambient
      const ports = wire(ambient, operation.needs, run.wiring)
      const door = { ambient, ports, table: run.wiring.table, guards: GUARDS }
      return endpoint(operation, door)({ request, params, call: callOf(run) })
    },
    run: (job, event, run) =>
      runJob(job, { events: [event], ports: wire(() => run.ambient, job.needs, run.wiring), call: callOf(run) }),
    async download(address) {
      const url = new URL(address)
      const key = decodeURIComponent(url.pathname.slice(1))
      const object = await objects.read(key)
      const asked = (name: string) => url.searchParams.get(`response-content-${name}`) ?? ''
      return (
        object && {
          key,
          bytes: await buffer(object.body),
          contentType: asked('type'),
          disposition: asked('disposition'),
        }
      )
    },
    inFlight: () => 0,
    close: async () => undefined,
  }
}
