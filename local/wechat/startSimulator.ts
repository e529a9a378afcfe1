/** The simulator of api.weixin.qq.com as an HTTP server on the loopback interface. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { plainAnswer } from './answer.ts'
import { type Control, controlOf } from './control.ts'
import { CONTROL_PREFIX, controlAnswer } from './controlHttp.ts'
import { deliver, send } from './deliver.ts'
import type { Arrival } from './endpoint.ts'
import { accountOf, judgeCall } from './judgeCall.ts'
import { publicFileAnswer } from './publicUrls.ts'
import { readBody } from './readBody.ts'
import { createSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'

const HOST = '127.0.0.1'
/** Longer than clients keep their sockets, so that none is closed under a request. */
const KEEP_ALIVE_MS = 65_000
/** How long `close` waits for requests under way. */
const CLOSE_GRACE_MS = 500

/** How a simulator is started; `port` 0 takes any free one. */
export interface StartOptions extends SimulatorOptions {
  port: number
}

/** A simulator that listens. */
export interface RunningSimulator {
  port: number
  /** `http://127.0.0.1:<port>`, to be used in place of `https://api.weixin.qq.com`. */
  url: string
  control: Control
  /** Ends idle connections at once and those under way within half a second. */
  close(): Promise<void>
}

/**
 * Starts a simulator. Rejects with Node's error when the port is taken (`EADDRINUSE`), with an `Error` when
 * `dataDir` holds a damaged journal, with `ZodError` for accounts that make no sense.
 */
export async function startSimulator({ port, ...options }: StartOptions): Promise<RunningSimulator> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS })
  server.listen(port, HOST)
  await once(server, 'listening')
  const closing = new AbortController()
  try {
    // Only the holder of the port may touch dataDir, so the journal is opened after listening.
    const simulator = createSimulator(options)
    const control = controlOf(simulator)
    const bound = portOf(server)
    simulator.baseUrl = `http://${HOST}:${bound}`
    server.on('request', (request, response) => {
      respond({ simulator, control, closing: closing.signal }, request, response).catch((error: unknown) => {
        if (!closing.signal.aborted && !request.destroyed) console.error(error)
        response.destroy()
      })
    })
    return { port: bound, url: simulator.baseUrl, control, close: () => close(server, closing) }
  } catch (error) {
    await close(server, closing)
    throw error
  }
}

async function respond(
  { simulator, control, closing }: { simulator: Simulator; control: Control; closing: AbortSignal },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', simulator.baseUrl)
  const method = request.method ?? 'GET'
  const isControl = url.pathname.startsWith(CONTROL_PREFIX)
  // WeChat refuses chunked bodies before it looks at anything else (wechat-api.md §3.1).
  if (!isControl && request.headers['transfer-encoding'] !== undefined) {
    log(simulator, { method, path: url.pathname }, { status: 412 })
    send(response, plainAnswer(412))
    return
  }
  const read = await readBody(request)
  const { pathname: path, searchParams: query } = url
  const arrival = { method, path, query, headers: request.headers, ...read, ip: request.socket.remoteAddress ?? '' }
  if (isControl) {
    send(response, await controlAnswer(control, arrival))
    return
  }
  await answerCall(simulator, { arrival, closing }, response)
}

async function answerCall(
  simulator: Simulator,
  { arrival, closing }: { arrival: Arrival; closing: AbortSignal },
  response: ServerResponse,
): Promise<void> {
  const appId = accountOf(simulator, arrival)?.settings.appId
  const rule = simulator.faults.strike(arrival.path, appId)
  const execute = () => publicFileAnswer(simulator, arrival) ?? judgeCall(simulator, arrival)
  const delivered = await deliver(simulator, response, { execute, obstacle: rule && { rule, closing } })
  log(simulator, arrival, { appId, fault: rule?.kind, ...delivered })
}

function log(
  simulator: Simulator,
  { method, path }: { method: string; path: string },
  {
    appId,
    errcode,
    status,
    fault,
  }: { appId?: string | undefined; errcode?: number; status?: number; fault?: string | undefined },
): void {
  const time = new Date(simulator.now()).toISOString()
  simulator.calls.add({ time, method, path, app_id: appId, errcode, status, fault })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

async function close(server: Server, closing: AbortController): Promise<void> {
  if (!server.listening) return
  closing.abort(new Error('the simulator is closing'))
  const closed = once(server, 'close')
  server.close()
  const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(force)
}
