/** The OpenAPI 3.1 contract, made from the schemas that validate. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type CreateDocumentOptions, createDocument, type ZodOpenApiOperationObject } from 'zod-openapi'
import { AppId } from '../shared/core/account.ts'
import { ERROR_RULES, type ErrorCode } from '../shared/core/errors.ts'
import { ROOT } from './bundle.ts'
import { OPERATIONS, type OperationFacts } from './operations.ts'

const DESCRIPTION = `The media service (素材) for WeChat Official Accounts. Send an API key with every call: \`Authorization: Bearer <key>\` or \`X-Api-Key\`.
Every failure has the shape of \`Problem\`; its \`code\` is stable, its \`request_id\` finds it in the log.
Signed URLs live 15 minutes. A POST with an Idempotency-Key is done once: who asks again within 24 hours gets the first answer.`

/** The parts of the contract, in the order of the page. */
const TAGS = [
  { name: 'material', description: 'Permanent files and drafts of an account’s library.' },
  { name: 'articles', description: 'Articles (图文) as drafts or news, and the images inside them.' },
  { name: 'temporary media', description: 'Files that WeChat drops after three days.' },
  { name: 'uploads', description: 'Files of any size through the object store: the normal way.' },
  {
    name: 'message push',
    description: 'Where WeChat itself calls (消息推送); its signature takes the place of a key.',
  },
  { name: 'accounts', description: 'Official Accounts and mini programs, and whether they work.' },
  { name: 'keys', description: 'Who may call.' },
  { name: 'service', description: 'Public, about the service itself.' },
] as const

type Tag = (typeof TAGS)[number]['name']

/** The failure shape (service-api.md §1). */
const Problem = z
  .object({
    message: z.string(),
    status_code: z.int().min(400).max(599),
    code: z.enum(Object.keys(ERROR_RULES)),
    request_id: z.string(),
    details: z.record(z.string(), z.unknown()),
    wechat: z
      .object({ errcode: z.int().min(-10_000_000), errmsg: z.string(), rid: z.string().optional() })
      .optional()
      .describe('what WeChat answered'),
  })
  .meta({ id: 'Problem' })

const OPTIONS: CreateDocumentOptions = {
  override: ({ jsonSchema, zodSchema, io }) => {
    // A number in a query: what counts is the number it is read as.
    const { def } = zodSchema._zod
    if (io === 'input' && def.type === 'pipe') Object.assign(jsonSchema, numberOf(zodSchema))
    // Answers may gain fields; requests say themselves whether they may.
    if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  },
}

/** The document; the same sources give the same one. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const facts of OPERATIONS) {
    paths[facts.path] = { ...paths[facts.path], [facts.method.toLowerCase()]: operationObject(facts) }
  }
  return createDocument(
    {
      openapi: '3.1.0',
      info: { title: 'sucai', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/' }],
      tags: [...TAGS],
      paths,
      components: {
        schemas: { Problem },
        headers: {
          'X-Request-Id': header('names this request in the log'),
          'Retry-After': header('seconds to wait'),
        },
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key of this service.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        },
      },
    },
    OPTIONS,
  )
}

function operationObject(facts: OperationFacts): ZodOpenApiOperationObject {
  const { id, summary, role, status = 200, produces = 'application/json', hasEtag, keyed } = facts
  const redirects = facts.query instanceof z.ZodObject && 'redirect' in facts.query.shape
  const requestBody = bodyOf(facts)
  return {
    operationId: id,
    summary,
    description: describe(facts),
    tags: [tagOf(facts.path)],
    security: role === 'public' ? [] : [{ bearer: [] }, { apiKey: [] }],
    requestParams: parameters(facts),
    ...(requestBody && { requestBody }),
    responses: {
      [`${status}`]: {
        description: summary,
        headers: {
          ...REQUEST_ID,
          ...(hasEtag && { ETag: header('of articles; for If-Match and If-None-Match') }),
          ...(keyed && { 'Idempotency-Replayed': header('true: the answer of the first request with this key') }),
        },
        content: { [produces]: { schema: facts.response } },
      },
      ...(redirects && {
        302: { description: 'With redirect=1: to the file', headers: { Location: header('signed') } },
      }),
      ...(hasEtag && { 304: { description: 'As If-None-Match knows it' } }),
      ...problems(facts),
    },
  }
}

const ROLE = { read: 'read', write: 'write', admin: 'admin', public: '' }

function describe({ role, account, miniProgram }: OperationFacts): string {
  if (role === 'public') return 'Needs no key.'
  const key = `Needs a key with the role ${ROLE[role]}${role === 'admin' ? '' : ' or a higher one'}.`
  const mini = { yes: '', sometimes: ' For mini programs only what is temporary.', no: ' Not for mini programs.' }
  return account === 'query' ? key + mini[miniProgram] : key
}

function tagOf(path: string): Tag {
  const [, base, topic = ''] = path.split('/')
  if (base !== 'wechat') return 'service'
  if (path.includes('/article')) return 'articles'
  if (topic === 'media' || path.endsWith('/temporary')) return 'temporary media'
  if (topic === 'callback') return 'message push'
  return topic === 'uploads' || topic === 'accounts' || topic === 'keys' ? topic : 'material'
}

function parameters({ params, query, account, role, keyed, method, errors, hasEtag }: OperationFacts) {
  const named = role !== 'public' && account === 'query' ? { app_id: AppId.describe('the account') } : {}
  const queried = z.object({ ...named, ...shapeOf(query) })
  const headers = {
    'X-Request-Id': z.string().max(128).optional().describe('taken over and echoed'),
    ...(keyed && { 'Idempotency-Key': z.string().min(1).max(255).optional().describe('makes it safe to ask again') }),
    ...(errors.includes('PRECONDITION_FAILED') && { 'If-Match': z.string().optional().describe('an ETag') }),
    ...(hasEtag && method === 'GET' && { 'If-None-Match': z.string().optional().describe('an ETag') }),
  }
  return {
    ...(params && { path: z.object(shapeOf(params)) }),
    ...(Object.keys(queried.shape).length > 0 && { query: queried }),
    header: z.object(headers),
  }
}

function shapeOf(schema: z.ZodType | undefined): z.ZodRawShape {
  if (schema === undefined) return {}
  if (!(schema instanceof z.ZodObject)) throw new TypeError('parameters are described by a z.object')
  return schema.shape
}

function bodyOf({ body, form, bodies }: OperationFacts): ZodOpenApiOperationObject['requestBody'] {
  if (bodies) {
    const content = Object.entries(bodies).map(([type, schema]) => [type, { schema }])
    return { required: true, content: Object.fromEntries(content) }
  }
  if (body) return { required: true, content: { 'application/json': { schema: body } } }
  if (!form) return undefined
  const file = z.string().meta({ format: 'binary' }).describe('the file; its field may have any name, see file_field')
  return { required: true, content: { 'multipart/form-data': { schema: z.object({ ...shapeOf(form), file }) } } }
}

const header = (description: string) => ({ description, schema: { type: 'string' as const } })
const REQUEST_ID = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } as const }
const RETRY_AFTER = { 'Retry-After': { $ref: '#/components/headers/Retry-After' } as const }

/** One response for each status, with the codes that it can have. */
function problems({ errors }: OperationFacts): ZodOpenApiOperationObject['responses'] {
  const byStatus = Map.groupBy(errors, code => ERROR_RULES[code].status)
  const responses = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: codes.map(code => `${code}: ${ERROR_RULES[code].remedy}`).join('\n'),
      headers: { ...REQUEST_ID, ...((status === 429 || status === 503) && RETRY_AFTER) },
      content: { 'application/json': { schema: problemWith(codes) } },
    },
  ])
  return Object.fromEntries(responses)
}

const problemWith = (codes: ErrorCode[]) => ({
  allOf: [
    { $ref: '#/components/schemas/Problem' },
    { type: 'object' as const, properties: { code: { type: 'string' as const, enum: codes } } },
  ],
})

/** What a coerced number must be, where the schema is one. */
function numberOf(schema: unknown): Record<string, unknown> {
  if (!(schema instanceof z.ZodPipe) || !(schema.in instanceof z.ZodNumber)) return {}
  const { $schema: _, ...described } = z.toJSONSchema(z.object({ number: schema.out as z.ZodType }))
  const properties: unknown = described.properties?.['number']
  return typeof properties === 'object' && properties !== null ? { ...properties } : {}
}
