/** A stand-in for CloudBase's HTTP interface: database, storage and functions of one environment, on loopback. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import * as z from 'zod'
import type { Clock } from '../../shared/ports/clock.ts'
import { listen, type RunningServer, readBody, sendJson } from '../stack/httpServer.ts'
import { ACTIONS, type Backend } from './adminActions.ts'
import { openDocuments } from './documents.ts'
import { fileGrants } from './fileGrants.ts'
import { fileRoute } from './fileRoute.ts'
import { openFiles } from './files.ts'
import { answerCloudCall, type CloudCallSettings, formOf } from './openApi.ts'
import { Refusal } from './refusal.ts'

/** The platform's limit of a request (EXCEED_MAX_PAYLOAD_SIZE). */
const MAX_BODY_BYTES = 100 * 1024 * 1024
const FILES = '/files/'
/** The platform gives each function credentials of its own: here its id follows the secret id. */
export const CALLER = '.'

const Envelope = z.looseObject({ action: z.string(), envName: z.string() })

/** What the stand-in is made of. */
export interface CloudBaseOptions {
  port: number
  /** Where documents and files are kept. */
  dataDir: string
  env: string
  credentials: { secretId: string; secretKey: string }
  collections: readonly string[]
  clock: Clock
  /** Runs a function that another one calls. */
  invoke?: (name: string, event: unknown) => Promise<unknown>
  /** Cloud calls; none without it. */
  cloudCalls?: CloudCallSettings
}

/** Starts it. Rejects with Node's error when the port is taken. `url` is the server's, without `/admin`. */
export async function startCloudBase(options: CloudBaseOptions): Promise<RunningServer> {
  const { port, dataDir, env, credentials, collections, clock, cloudCalls } = options
  const documents = openDocuments(join(dataDir, 'database'))
  const files = await openFiles(join(dataDir, 'storage'))
  const grants = fileGrants(credentials.secretKey, () => clock.now())
  let url = ''
  const backend: Backend = {
    ...{ documents, files, grants, collections },
    fileRoot: `cloud://${env}.6465-${env}-1300000000/`,
    fileUrl: key => `${url}${FILES}${key}`,
    invoke: options.invoke ?? (async name => Promise.reject(new Error(`nothing runs ${name}`))),
  }
  const server = await listen(port, (request, response) => {
    answer({ backend, env, credentials, cloudCalls }, request, response).catch(() => response.destroy())
  })
  url = server.url
  return server
}

interface Environment {
  backend: Backend
  env: string
  credentials: CloudBaseOptions['credentials']
  cloudCalls: CloudCallSettings | undefined
}

async function answer(environment: Environment, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname.startsWith(FILES)) {
    const key = decodeURIComponent(url.pathname.slice(FILES.length))
    return fileRoute(environment.backend, request, response, { key, query: url.searchParams })
  }
  const body = await readBody(request, MAX_BODY_BYTES)
  const requestId = randomUUID()
  if (url.pathname !== '/admin') return sendJson(response, 404, { code: 'NOT_FOUND', requestId })
  try {
    if (!body) throw new Refusal('EXCEED_MAX_PAYLOAD_SIZE', 'the request is too large')
    const data = await perform(environment, request, body)
    if (!Buffer.isBuffer(data)) return sendJson(response, 200, { requestId, data })
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': data.length }).end(data)
  } catch (error) {
    // The platform answers 200 and says in the body what went wrong.
    const { code, message } = asRefusal(error)
    response.setHeader('content-type', 'application/json; charset=utf-8')
    sendJson(response, 200, { requestId, code, message })
  }
}

async function perform({ backend, env, credentials, cloudCalls }: Environment, request: IncomingMessage, body: Buffer) {
  const signer = /^TC3-HMAC-SHA256 Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1]
  const [secretId, caller = ''] = signer?.split(CALLER) ?? []
  if (secretId !== credentials.secretId) throw new Refusal('SIGN_PARAM_INVALID', 'the signature is not valid')
  const form = formOf(request.headers['content-type'] ?? '', body)
  const params: unknown = form ?? JSON.parse(body.toString('utf8'))
  const { action, envName } = Envelope.parse(params)
  if (envName !== env) throw new Refusal('INVALID_ENV', `there is no environment ${envName}`)
  if (action === 'wx.openApi' && cloudCalls) return answerCloudCall(cloudCalls, params, caller)
  const run = ACTIONS[action]
  if (!run) throw new Refusal('INVALID_ACTION', `the action ${action} is not known here`)
  return await run(backend, params)
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Refusal(error instanceof z.ZodError ? 'INVALID_PARAM' : 'FUNCTIONS_EXECUTE_FAIL', message)
}
