/** The control API over HTTP: `/_control/…`, JSON in and out (docs/simulator.md). */
import * as z from 'zod'
import { type Answer, plainAnswer } from './answer.ts'
import type { Control } from './control.ts'
import { ControlError } from './controlError.ts'
import type { Arrival } from './endpoint.ts'
import { FaultDraft } from './faults.ts'
import { FileType } from './mutation.ts'
import type { AccountChange } from './simulatedAccount.ts'

/** The prefix of all control paths; nothing of WeChat lies under it. */
export const CONTROL_PREFIX = '/_control/'

const LOOPBACK = /^(::ffff:)?127\.|^::1$/

const Sidecar = z.strictObject({ app_id: z.string(), token: z.string().min(1), open: z.boolean().default(false) })

interface Request extends Arrival {
  control: Control
  /** The variable segment of the path, decoded. */
  id: string
}

interface Route {
  method: string
  path: RegExp
  run(request: Request): unknown
}

const ROUTES: Route[] = [
  {
    method: 'GET',
    path: /^ledger$/,
    run: ({ control, query }) => ({ ledger: control.ledger(query.get('app_id') ?? undefined) }),
  },
  { method: 'GET', path: /^calls$/, run: ({ control }) => control.calls() },
  { method: 'GET', path: /^clock$/, run: ({ control }) => time(control) },
  { method: 'POST', path: /^clock$/, run: advance },
  { method: 'GET', path: /^faults$/, run: ({ control }) => ({ faults: control.faults() }) },
  { method: 'POST', path: /^faults$/, run: ({ control, body }) => control.addFault(FaultDraft.parse(json(body))) },
  { method: 'DELETE', path: /^faults$/, run: clearFaults },
  { method: 'PUT', path: /^accounts\/([^/]+)$/, run: putAccount },
  { method: 'POST', path: /^accounts\/([^/]+)\/expire-tokens$/, run: expireTokens },
  { method: 'POST', path: /^accounts\/([^/]+)\/media$/, run: addFanMedia },
  { method: 'POST', path: /^accounts\/([^/]+)\/messages$/, run: sendMessage },
  { method: 'PUT', path: /^sidecar$/, run: setSidecar },
  { method: 'DELETE', path: /^sidecar$/, run: clearSidecar },
  { method: 'DELETE', path: /^media\/([^/]+)$/, run: deleteMedia },
]

/** Answers a control call: 200, 400 for bad input, 403 from elsewhere, 404, 405. */
export async function controlAnswer(control: Control, arrival: Arrival): Promise<Answer> {
  if (!LOOPBACK.test(arrival.ip)) return answer(403, { error: 'control is for this machine only' })
  const path = arrival.path.slice(CONTROL_PREFIX.length)
  const routes = ROUTES.filter(route => route.path.test(path))
  const route = routes.find(({ method }) => method === arrival.method)
  if (!route) return answer(routes.length > 0 ? 405 : 404, { error: `no ${arrival.method} ${arrival.path}` })
  try {
    const id = decodeURIComponent(route.path.exec(path)?.[1] ?? '')
    return answer(200, await route.run({ ...arrival, control, id }))
  } catch (error) {
    if (error instanceof z.ZodError) return answer(400, { error: z.prettifyError(error) })
    const isBadInput = error instanceof ControlError || error instanceof SyntaxError || error instanceof URIError
    if (isBadInput) return answer(400, { error: error.message })
    throw error
  }
}

function advance({ control, body }: Request): unknown {
  control.advance(z.object({ advance_ms: z.number().min(0) }).parse(json(body)).advance_ms)
  return time(control)
}

function clearFaults({ control }: Request): unknown {
  control.clearFaults()
  return { faults: [] }
}

function putAccount({ control, body, id }: Request): unknown {
  const change = camelCased(z.record(z.string(), z.unknown()).parse(json(body)))
  for (const name of ['limits', 'push']) {
    const nested = z.record(z.string(), z.unknown()).safeParse(change[name])
    if (nested.success) change[name] = camelCased(nested.data)
  }
  // putAccount parses every field; this only says whose they are.
  const { secret: _, push, ...settings } = control.putAccount({ ...(change as Partial<AccountChange>), appId: id })
  return { ...settings, push: push && { url: push.url, mode: push.mode, format: push.format } }
}

function expireTokens({ control, body, id }: Request): unknown {
  const { errcode } = z.object({ errcode: z.int().exactOptional() }).parse(body.length > 0 ? json(body) : {})
  control.expireTokens(id, errcode)
  return { app_id: id }
}

function addFanMedia({ control, query, body, id }: Request): unknown {
  const type = z.union([FileType, z.literal('jssdk')]).parse(query.get('type'))
  const filename = query.get('filename')
  if (body.length === 0) throw new ControlError('send the bytes as the request body')
  return { media_id: control.addFanMedia(id, { type, body, ...(filename !== null && { filename }) }) }
}

const MessageQuery = z.object({
  type: z.enum(['image', 'voice', 'video', 'shortvideo', 'text', 'event']),
  filename: z.string().optional(),
  event: z.string().optional(),
  openid: z.string().optional(),
  times: z.coerce.number().pipe(z.int().min(1).max(20)).default(1),
})

/** The body is the file, the text, or an event's EventKey. */
function sendMessage({ control, query, body, id }: Request): Promise<unknown> {
  const { type, times, filename, event, openid } = MessageQuery.parse(Object.fromEntries(query))
  const isFile = type !== 'text' && type !== 'event'
  if (isFile && body.length === 0) throw new ControlError('send the bytes as the request body')
  const message = {
    type,
    ...(isFile ? { body } : { content: body.toString('utf8') }),
    ...(filename !== undefined && { filename }),
    ...(event !== undefined && { event }),
    ...(openid !== undefined && { openid }),
  }
  return control.sendMessage(id, message, { times })
}

function setSidecar({ control, body }: Request): unknown {
  const { app_id: appId, token, open } = Sidecar.parse(json(body))
  control.setSidecar({ appId, token, open })
  return { app_id: appId, open }
}

function clearSidecar({ control }: Request): unknown {
  control.setSidecar(undefined)
  return {}
}

function deleteMedia({ control, id }: Request): unknown {
  if (!control.deleteMedia(id)) throw new ControlError(`no media ${id}`)
  return { media_id: id }
}

const time = (control: Control) => ({ now_ms: control.now(), now: new Date(control.now()).toISOString() })

const json = (body: Buffer): unknown => JSON.parse(body.toString('utf8'))

const camelCased = (object: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )

const answer = (status: number, payload: unknown): Answer =>
  plainAnswer(status, `${JSON.stringify(payload, undefined, 2)}\n`, 'application/json; charset=utf-8')
