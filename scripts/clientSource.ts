/** The typed client, written from the contract: one function an operation, over fetch, without dependencies. */
import * as z from 'zod'
import { Schema, typescriptType } from './typescriptType.ts'

const Content = z.record(z.string(), z.object({ schema: Schema }))
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  description: z.string().optional(),
  schema: Schema,
})
const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
})
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
})

type Operation = z.infer<typeof Operation>
interface Place {
  path: string
  method: string
  operation: Operation
}

const RUNTIME = `/** Where and as whom the client calls. */
export interface ClientOptions {
  /** Of the service, without a path: https://api.example.com */
  baseUrl: string
  apiKey?: string
  /** The account that calls are about, where a call names no other one. */
  appId?: string
  fetch?: typeof globalThis.fetch
}

/** What every call takes beside its own input. */
export interface CallOptions {
  signal?: AbortSignal
  requestId?: string
  /** Makes it safe to send a POST again. */
  idempotencyKey?: string
  /** An ETag: change only what is still the same. */
  ifMatch?: string
}

/** A failure that the service answered. */
export class ServiceError extends Error {
  readonly problem: Problem
  readonly status: number
  /** seconds to wait before asking again, when the service says so */
  readonly retryAfter: number | undefined

  constructor(problem: Problem, response: Response) {
    super(problem.message)
    this.name = 'ServiceError'
    this.problem = problem
    this.status = response.status
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds
  }
}

interface Route {
  method: string
  path: string
  query: readonly string[]
  body?: 'json' | 'form'
}

async function send(options: ClientOptions, route: Route, given: object, call: CallOptions): Promise<Response> {
  const input: Record<string, unknown> = { app_id: options.appId, ...given }
  const path = route.path.replace(/\\{(\\w+)\\}/g, (_, name: string) => encodeURIComponent(String(input[name])))
  const url = new URL(path, options.baseUrl)
  for (const name of route.query) {
    const value = input[name]
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const headers = new Headers()
  if (options.apiKey !== undefined) headers.set('authorization', \`Bearer \${options.apiKey}\`)
  if (call.requestId !== undefined) headers.set('x-request-id', call.requestId)
  if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey)
  if (call.ifMatch !== undefined) headers.set('if-match', call.ifMatch)
  if (route.body === 'json') headers.set('content-type', 'application/json')
  const body = route.body === 'json' ? JSON.stringify(input['body']) : route.body && formOf(input['form'])
  const response = await (options.fetch ?? globalThis.fetch)(url, {
    method: route.method,
    headers,
    ...(body !== undefined && { body }),
    ...(call.signal && { signal: call.signal }),
  })
  if (response.ok) return response
  throw new ServiceError((await response.json()) as Problem, response)
}

function formOf(fields: unknown): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value instanceof Blob) form.append(name, value)
    else if (value !== undefined) form.append(name, String(value))
  }
  return form
}
`

/** The file; throws \`ZodError\` for a document that is not ours. */
export function clientSource(document: unknown): string {
  const { paths, components } = Document.parse(document)
  const places = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Place => ({ path, method: method.toUpperCase(), operation })),
  )
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `/** ${name} */\nexport type ${name} = ${typescriptType(schema)}\n`,
  )
  return [
    '/** The client of sucai: made by `npm run generate` from the contract; change that. */\n',
    ...schemas,
    ...places.map(typesOf),
    RUNTIME,
    `/** The client: one function for each operation. Each throws \`ServiceError\` for a failure. */\nexport function sucaiClient(options: ClientOptions) {\n  return {\n${places.map(functionOf).join('')}  }\n}\n`,
  ].join('\n')
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

function typesOf(place: Place): string {
  const { operation } = place
  const name = capital(operation.operationId)
  const answer = answerOf(operation)
  return `/** What ${operation.operationId} takes. */
export type ${name}Input = ${typescriptType(inputOf(operation))}

/** What ${operation.operationId} answers. */
export type ${name}Answer = ${answer.type === 'text' ? 'string' : typescriptType(answer.schema)}
`
}

/** Path and query side by side, the body under one name. */
function inputOf({ parameters, requestBody }: Operation): Schema {
  const named = parameters.filter(parameter => parameter.in !== 'header')
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const body = type === 'application/json' ? 'body' : 'form'
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(
        named.map(({ name, schema, description = schema.description }) => [
          name,
          { ...schema, ...(description !== undefined && { description }) },
        ]),
      ),
      ...(content && { [body]: content.schema }),
    },
    // The account may come from the client's own options.
    required: [
      ...named.filter(({ name, required }) => required && name !== 'app_id').map(({ name }) => name),
      ...(content ? [body] : []),
    ],
  }
}

function answerOf({ responses }: Operation): { type: 'json' | 'text'; schema: Schema } {
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  const [type, content] = Object.entries(success?.content ?? {})[0] ?? []
  return { type: type === 'application/json' ? 'json' : 'text', schema: content?.schema ?? {} }
}

function functionOf({ path, method, operation }: Place): string {
  const { operationId: id, summary, parameters, requestBody } = operation
  const name = capital(id)
  const query = parameters.filter(parameter => parameter.in === 'query').map(parameter => `'${parameter.name}'`)
  const type = Object.keys(requestBody?.content ?? {})[0]
  const body = type === undefined ? '' : `, body: '${type === 'application/json' ? 'json' : 'form'}'`
  const needed = (inputOf(operation).required ?? []).length > 0
  const read = answerOf(operation).type
  return `    /** ${summary}. \`${method} ${path}\` */
    async ${id}(input: ${name}Input${needed ? '' : ' = {}'}, call: CallOptions = {}): Promise<${name}Answer> {
      const route: Route = { method: '${method}', path: '${path}', query: [${query.join(', ')}]${body} }
      const response = await send(options, route, input, call)
      return (await response.${read}()) as ${name}Answer
    },
`
}
