/** Talks to a WeChat-shaped server by its base URL, byte by byte; nothing here knows the simulator's inside. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { startSimulator } from '../../../local/wechat/startSimulator.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { virtualClock } from '../../support/virtualClock.ts'

type StartOptions = Parameters<typeof startSimulator>[0]

/** What came back. */
export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
}

/** A request as it shall go out. */
export interface Sent {
  method?: string
  headers?: Record<string, string>
  body?: Buffer | string
  /** Sends the body in chunks, without a Content-Length. */
  chunked?: boolean
}

/** Sends a request with exactly these headers (and a Content-Length); rejects when the connection breaks. */
export function exchange(
  url: string,
  { method = 'GET', headers = {}, body, chunked = false }: Sent = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const framing = chunked ? { 'Transfer-Encoding': 'chunked' } : length
    const agent = new Agent({ keepAlive: false })
    const outgoing = request(url, { method, headers: { ...framing, ...headers }, agent }, async incoming => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
        const { statusCode: status = 0, headers: received, rawHeaders } = incoming
        resolve({ status, headers: received, rawHeaders, body: Buffer.concat(chunks) })
      } catch (error) {
        reject(error)
      }
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The JSON object of a reply. */
export function jsonOf(reply: Reply): Record<string, unknown> {
  const parsed: unknown = JSON.parse(reply.body.toString('utf8'))
  if (typeof parsed !== 'object' || parsed === null) throw new Error('not an object')
  return { ...parsed }
}

/** One account of one WeChat: calls by path, with a token that is fetched once. */
export function caller(baseUrl: string, { appId, secret }: { appId: string; secret: string }) {
  let token: string | undefined
  const accessToken = async (): Promise<string> => {
    if (token === undefined) {
      const body = JSON.stringify({ grant_type: 'client_credential', appid: appId, secret })
      token = String(
        jsonOf(await exchange(`${baseUrl}/cgi-bin/stable_token`, { method: 'POST', body }))['access_token'],
      )
    }
    return token
  }
  const raw = async (path: string, sent: Sent = {}): Promise<Reply> => {
    const joint = path.includes('?') ? '&' : '?'
    return exchange(`${baseUrl}/cgi-bin/${path}${joint}access_token=${await accessToken()}`, sent)
  }
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> =>
    jsonOf(await raw(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }))
  const get = async (path: string): Promise<Record<string, unknown>> => jsonOf(await raw(path))
  const send = async (path: string, form: Sent): Promise<Record<string, unknown>> =>
    jsonOf(await raw(path, { method: 'POST', ...form }))
  const id = async (path: string, form: Sent): Promise<string> => {
    const answer = await send(path, form)
    const mediaId = answer['media_id'] ?? answer['thumb_media_id']
    if (typeof mediaId !== 'string') throw new Error(`no media_id: ${JSON.stringify(answer)}`)
    return mediaId
  }
  return { accessToken, raw, post, get, send, id, forgetToken: () => (token = undefined) }
}

/** The calls of one account. */
export type Caller = ReturnType<typeof caller>

const ACCOUNT = { appId: 'wxaaaaaaaaaaaaaaaa', secret: 'secret-of-account-a' }

/** A simulator on a virtual clock with one account (and what `settings` say of it), and that account's calls. */
export async function startWire(
  settings: Omit<StartOptions['accounts'][number], 'appId' | 'secret'> = {},
  options: { dataDir?: string; others?: StartOptions['accounts'] } = {},
) {
  const clock = virtualClock()
  const simulator = await startSimulator({
    port: 0,
    clock,
    random: seededRandom(),
    accounts: [{ ...ACCOUNT, ...settings }, ...(options.others ?? [])],
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
  })
  return { ...simulator, clock, account: ACCOUNT, calls: caller(simulator.url, ACCOUNT) }
}

/** A simulator with its clock, its account and that account's calls. */
export type Wire = Awaited<ReturnType<typeof startWire>>
