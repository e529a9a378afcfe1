/** The contract as tests read it: every operation with its parameters, body and answers, references resolved. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import * as z from 'zod'
import { openApiDocument } from '../../scripts/openapi.ts'
import { Schema } from '../../scripts/typescriptType.ts'

const Content = z.record(z.string(), z.object({ schema: Schema }))
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  schema: Schema,
})
const Answer = z.object({ description: z.string().min(1), content: Content.optional() })
const DocumentedOperation = z.object({
  operationId: z.string(),
  summary: z.string().min(1),
  tags: z.array(z.string()).length(1),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string().regex(/^\d{3}$/), Answer),
})

/** The parts of the document that tests look at. */
const Document = z.looseObject({
  openapi: z.literal('3.1.0'),
  tags: z.array(z.object({ name: z.string(), description: z.string().min(1) })),
  paths: z.record(z.string(), z.record(z.string(), DocumentedOperation)),
})

/** One documented operation. */
export interface Documented extends z.infer<typeof DocumentedOperation> {
  method: string
  path: string
}

/** The document as it is written. */
export const DOCUMENT: unknown = JSON.parse(JSON.stringify(openApiDocument()))

const { paths, tags } = Document.parse(DOCUMENT)

/** The names of the parts of the contract. */
export const TAGS: readonly string[] = tags.map(({ name }) => name)

/** Every documented operation. */
export const DOCUMENTED: readonly Documented[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({ ...one, path, method: method.toUpperCase() })),
)

/** The codes that an operation may answer with `status`. */
export function documentedCodes({ responses }: Documented, status: number): unknown[] {
  const schema = responses[String(status)]?.content?.['application/json']?.schema
  return schema?.allOf?.flatMap(part => part.properties?.['code']?.enum ?? []) ?? []
}

const reader = new Ajv2020({ strict: true, strictTypes: false, formats: { binary: true } })
reader.addVocabulary(Object.keys(Object.assign({}, DOCUMENT)))
reader.addSchema(Object.assign({}, DOCUMENT), 'contract', undefined, false)

/**
 * The schema at `pointer` (`#/paths/…`) as a strict reader of JSON Schema 2020-12 understands it. Throws where it does not: at
 * keywords and formats that it does not know, at references that lead nowhere.
 */
export function schemaAt(pointer: string): ValidateFunction {
  const found = reader.getSchema(`contract${encodeURI(pointer)}`)
  if (!found) throw new Error(`${pointer} holds no schema`)
  return found
}

/** What is wrong with an answer by the published schema of its status; `[]` where none is published. */
export function undocumentedIn(one: Documented, { status, json }: { status: number; json: unknown }): unknown[] {
  if (one.responses[String(status)]?.content?.['application/json'] === undefined) return []
  const path = `${one.path.replaceAll('/', '~1')}/${one.method.toLowerCase()}`
  const validate = schemaAt(`#/paths/${path}/responses/${status}/content/application~1json/schema`)
  return validate(json) ? [] : (validate.errors ?? [])
}
