/** The embedded S3: one small server on 127.0.0.1 that keeps its objects below a directory. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../../shared/ports/clock.ts'
import { type Answer, drain, emptyAnswer, errorAnswer, sendAnswer } from './answer.ts'
import { type Bucket, openBuckets } from './buckets.ts'
import { type CorsRule, corsHeaders, corsRules, defaultCorsRules } from './cors.ts'
import { createdRecord, type ObjectCreatedRecord } from './createdEvent.ts'
import { openDataFiles } from './dataFiles.ts'
import { objectsOnDisk } from './objects.ts'
import type { Service } from './route.ts'
import { answerRequest } from './router.ts'
import { S3Error } from './s3Error.ts'
import { type S3Request, s3Request } from './s3Request.ts'
import { openSequence } from './sequence.ts'
import { openUploads } from './uploads.ts'

const KEEP_ALIVE_MS = 75_000
const CLOSE_GRACE_MS = 2_000

/** How the server runs. */
export interface ObjectServerOptions {
  /** 0 takes any free port. */
  port: number
  dataDir: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  region: string
  /** Decides about expiry and skew, and dates everything. */
  clock: Clock
  /** Origins that browsers may come from, for buckets without a CORS configuration; none when left out. */
  corsOrigins?: readonly string[]
  /** Buckets that are created when they do not exist. */
  buckets?: readonly string[]
  /** Called once for every object that came to be, after it is safely stored. */
  onEvent?: (record: ObjectCreatedRecord) => void
}

/** A running server. */
export interface ObjectServer {
  port: number
  url: string
  /** Ends idle connections at once and others when their request is answered (2 s at most); no write is under way afterwards. */
  close(): Promise<void>
}

/** Starts listening, then reads the directory back. Rejects with the listen error, `EADDRINUSE` among them. */
export async function startObjectServer(options: ObjectServerOptions): Promise<ObjectServer> {
  const running = new Set<Promise<void>>()
  const opened = Promise.withResolvers<Service>()
  // The port comes first: a second server must fail on it before it clears the first one's temporary files.
  opened.promise.catch(() => undefined)
  const server = createServer((message, response) => {
    const task = serve({ opened: opened.promise, options, message, response }).finally(() => running.delete(task))
    running.add(task)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const port = await listen(server, options.port)
  const close = async () => {
    await closeServer(server)
    await Promise.all(running)
  }
  try {
    opened.resolve(await openService(options))
  } catch (error) {
    opened.reject(error)
    await close()
    throw error
  }
  return { port, url: `http://127.0.0.1:${port}`, close }
}

async function openService(options: ObjectServerOptions): Promise<Service> {
  const now = () => options.clock.now()
  const files = await openDataFiles(options.dataDir)
  const buckets = await openBuckets(options.dataDir, files)
  for (const name of options.buckets ?? []) if (!buckets.has(name)) buckets.create(name, now())
  return {
    files,
    buckets,
    uploads: await openUploads(buckets, files, now),
    objects: objectsOnDisk({ files, now, nextSequence: openSequence(options.dataDir, now()) }),
    verifier: { ...options.credentials, region: options.region, now },
    created(bucket, object, by, request) {
      const address = request.message.socket.remoteAddress ?? '127.0.0.1'
      const record = createdRecord(object, bucket.name, { by, region: options.region, address })
      try {
        options.onEvent?.(record)
      } catch (error) {
        // The object is stored: its writer must not be told otherwise.
        console.error('object server: onEvent failed:', error)
      }
    },
  }
}

async function serve(call: {
  opened: Promise<Service>
  options: ObjectServerOptions
  message: IncomingMessage
  response: ServerResponse
}): Promise<void> {
  const { message, response, options } = call
  const requestId = randomUUID()
  const resource = message.url?.split('?')[0] ?? '/'
  let shared: Record<string, string> = {
    'x-amz-request-id': requestId,
    date: new Date(options.clock.now()).toUTCString(),
  }
  let answer: Answer
  try {
    const service = await call.opened
    const request = s3Request(message)
    const rules = rulesFor(service, request.bucket, options.corsOrigins ?? [])
    const origin = request.headers.get('origin')
    if (request.method === 'OPTIONS') answer = preflight(request, rules)
    else {
      const allowed = origin !== undefined && corsHeaders(rules, { origin, method: request.method, headers: [] })
      if (allowed) shared = { ...shared, ...allowed }
      answer = await answerRequest(service, request)
    }
  } catch (error) {
    if (message.destroyed && !message.complete) return
    if (!(error instanceof S3Error)) console.error('object server:', error)
    answer = errorAnswer(error, { resource, requestId })
  }
  const whole = await drain(message)
  if (!whole) shared = { ...shared, connection: 'close' }
  const sent = { ...answer, headers: { ...shared, ...answer.headers } }
  await sendAnswer(response, sent, message.method === 'HEAD').catch(() => response.destroy())
}

function rulesFor(service: Service, bucketName: string, origins: readonly string[]): CorsRule[] {
  if (!service.buckets.has(bucketName)) return []
  const bucket: Bucket = service.buckets.get(bucketName)
  const { cors } = bucket.configurations
  return cors === undefined ? defaultCorsRules(origins) : corsRules(cors)
}

function preflight(request: S3Request, rules: CorsRule[]): Answer {
  const origin = request.headers.get('origin')
  const method = request.headers.get('access-control-request-method')
  if (origin === undefined || method === undefined) {
    throw new S3Error('BadRequest', 'Insufficient information. Origin request header needed.')
  }
  const headers = (request.headers.get('access-control-request-headers') ?? '')
    .toLowerCase()
    .split(',')
    .map(header => header.trim())
    .filter(Boolean)
  const allowed = corsHeaders(rules, { origin, method, headers })
  if (!allowed) throw new S3Error('AccessForbidden', 'CORSResponse: This CORS request is not allowed.')
  return emptyAnswer(200, allowed)
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

/** `close` of Node ends idle connections itself. */
function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
  })
}
